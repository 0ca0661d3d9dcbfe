import { describe, expect, it } from 'vitest'
import { parseSystemConfig } from '../../src/priority/system-config.ts'
import { type AskedAlgorithm, findVerdict, type Verdict } from '../../src/priority/verdict.ts'

function why(
  priority: string,
  kind: AskedAlgorithm['kind'],
  name: string,
  overrides = '',
): Verdict {
  const text = overrides && `[overrides]\n${overrides}\n`
  const config = parseSystemConfig({ name: 'gnutls.config', text })
  return findVerdict({ name: 'test', text: priority }, { kind, name }, { config }) as Verdict
}

function decidingToken({ deciding }: Verdict): string | undefined {
  return deciding.decision.by === 'token' ? deciding.decision.step.token.text : undefined
}

const RSA_CBC = 'TLS_RSA_WITH_AES_128_CBC_SHA'

describe('a suite', () => {
  it('is allowed by the last token that it needs', () => {
    const verdict = why('NORMAL:-RSA:+PSK:+RSA:%COMPAT', 'suite', RSA_CBC)
    expect(verdict.allowed).toBe(true)
    expect(decidingToken(verdict)).toBe('+RSA')
  })

  it('is refused by the token that removed a part of it', () => {
    const verdict = why('NORMAL:-AES-128-CBC', 'suite', RSA_CBC)
    expect(verdict).toMatchObject({ allowed: false, deciding: { kind: 'ciphers' } })
    expect(decidingToken(verdict)).toBe('-AES-128-CBC')
  })

  it('is refused by an override', () => {
    expect(why('NORMAL', 'suite', RSA_CBC, 'tls-disabled-mac = SHA1')).toMatchObject({
      allowed: false,
      deciding: { kind: 'macs', decision: { by: 'adjustment', prohibition: { value: 'SHA1' } } },
    })
    expect(why('NORMAL', 'suite', RSA_CBC, 'insecure-hash = SHA256')).toMatchObject({
      allowed: false,
      deciding: { kind: 'hash', decision: { by: 'prohibition' } },
    })
  })

  it('is refused where nothing names a part of it', () => {
    expect(why('NORMAL', 'suite', 'TLS_PSK_WITH_AES_128_GCM_SHA256')).toMatchObject({
      allowed: false,
      deciding: { kind: 'keyExchanges', name: 'PSK', decision: { by: 'nothing' } },
    })
  })

  it('is refused where no version is left that has it', () => {
    const verdict = why('NORMAL:-VERS-TLS1.3', 'suite', 'TLS_AES_256_GCM_SHA384')
    expect(verdict.allowed).toBe(false)
    expect(decidingToken(verdict)).toBe('-VERS-TLS1.3')
  })

  it('goes by the name of IANA or of GnuTLS, in any case', () => {
    expect(why('NORMAL', 'suite', 'tls_rsa_aes_128_cbc_sha1').name).toBe('TLS_RSA_AES_128_CBC_SHA1')
  })

  it('is not known by a name that is none', () => {
    expect(why('NORMAL', 'suite', 'TLS_NONSENSE')).toBeUndefined()
  })
})

describe('a group', () => {
  it('is allowed by the level that names it', () => {
    expect(decidingToken(why('SECURE192', 'group', 'GROUP-FFDHE8192'))).toBeUndefined()
    expect(decidingToken(why('NONE:+SECURE192', 'group', 'FFDHE8192'))).toBe('+SECURE192')
  })

  it('is refused with its curve', () => {
    expect(why('NORMAL', 'group', 'x25519', 'disabled-curve = X25519')).toMatchObject({
      allowed: false,
      deciding: { kind: 'curve', decision: { by: 'prohibition' } },
    })
  })
})

describe('a signature algorithm', () => {
  it('is refused by an override', () => {
    expect(why('NORMAL', 'signature', 'SIGN-RSA-SHA256', 'insecure-sig = RSA-SHA256').allowed).toBe(
      false,
    )
  })

  it('is refused without a version that knows it', () => {
    const verdict = why('NORMAL:-VERS-TLS1.3', 'signature', 'ECDSA-SECP256R1-SHA256')
    expect(decidingToken(verdict)).toBe('-VERS-TLS1.3')
  })
})

describe('a protocol', () => {
  it('is allowed from the start, by a token, or taken away by GnuTLS', () => {
    expect(why('NORMAL', 'protocol', 'TLS1.2').deciding.decision.by).toBe('start')
    expect(decidingToken(why('NORMAL:+VERS-DTLS0.9', 'protocol', 'VERS-DTLS0.9'))).toBe(
      '+VERS-DTLS0.9',
    )
    expect(why('NORMAL:+NULL', 'protocol', 'TLS1.3').deciding.decision).toMatchObject({
      by: 'adjustment',
      adjustment: { reason: 'TLS 1.3 cannot use what the string asks for' },
    })
  })
})
