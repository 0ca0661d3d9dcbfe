import { describe, expect, it } from 'vitest'
import { parseSystemConfig } from '../../src/priority/system-config.ts'
import {
  type AskedAlgorithm,
  findVerdict,
  subjectNames,
  type Verdict,
} from '../../src/priority/verdict.ts'

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

describe('a name', () => {
  const NAMES: readonly (readonly [AskedAlgorithm['kind'], string, string | undefined])[] = [
    ['suite', 'TLS_RSA_WITH_AES_128_CBC_SHA', 'TLS_RSA_AES_128_CBC_SHA1'],
    ['suite', 'AES128-SHA', 'TLS_RSA_AES_128_CBC_SHA1'],
    ['suite', 'ecdhe-rsa-aes128-gcm-sha256', 'TLS_ECDHE_RSA_AES_128_GCM_SHA256'],
    ['suite', '', undefined],
    ['group', 'P-256', 'SECP256R1'],
    ['group', 'prime256v1', 'SECP256R1'],
    ['group', 'group-secp256r1', 'SECP256R1'],
    ['group', 'X25519MLKEM768', 'X25519-MLKEM768'],
    ['group', 'x25519-mlkem768', 'X25519-MLKEM768'],
    ['group', 'SECP256', undefined],
    ['group', '', undefined],
    ['group', 'GROUP-', undefined],
    ['signature', 'RSA+SHA256', 'RSA-SHA256'],
    ['signature', 'RSA-PSS+SHA256', 'RSA-PSS-RSAE-SHA256'],
    ['signature', 'pss+sha256', 'RSA-PSS-RSAE-SHA256'],
    ['signature', 'rsa_pkcs1_sha256', 'RSA-SHA256'],
    ['signature', 'sign-ecdsa-sha256', 'ECDSA-SHA256'],
    ['signature', 'RSA-SHA', undefined],
    ['signature', '', undefined],
    ['signature', 'SIGN-', undefined],
    ['protocol', 'TLSv1.2', 'TLS1.2'],
    ['protocol', 'vers-tls1.2', 'TLS1.2'],
    ['protocol', 'SSLv3', 'SSL3.0'],
    ['protocol', 'DTLSv1', 'DTLS1.0'],
    ['protocol', 'TLS1.4', undefined],
    ['protocol', 'xVERS-TLS1.2', undefined],
    ['group', 'xGROUP-X25519', undefined],
    ['signature', 'xSIGN-RSA-SHA256', undefined],
    ['signature', 'xPSS+SHA256', undefined],
    ['protocol', '', undefined],
  ]

  it.each(NAMES)('of a %s, %j, means %s', (kind, name, meant) => {
    expect(why('NORMAL', kind, name)?.name).toBe(meant)
  })

  it('of each kind is known for suggestions', () => {
    expect(subjectNames('suite')).toContain('TLS_RSA_WITH_AES_128_CBC_SHA')
    expect(subjectNames('group')).toContain('SECP256R1')
    expect(subjectNames('signature')).toContain('RSA-SHA256')
    expect(subjectNames('protocol')).toContain('TLS1.2')
  })
})

/** Each part of a verdict: its name, whether it is there, and who decided. */
function partsOf({ parts }: Verdict): readonly string[] {
  return parts.map(({ kind, name, present, decision }) => {
    const by = decision.by === 'token' ? decision.step.token.text : decision.by
    return `${kind} ${name} ${present ? 'is there' : 'is missing'}: ${by}`
  })
}

describe('the parts', () => {
  it('are those of a suite, with the newest version that is allowed', () => {
    const verdict = why('NORMAL:-VERS-ALL:+VERS-TLS1.0:+VERS-TLS1.1', 'suite', RSA_CBC)
    expect(partsOf(verdict)).toEqual([
      'protocols TLS1.1 is there: +VERS-TLS1.1',
      'keyExchanges RSA is there: NORMAL',
      'ciphers AES-128-CBC is there: NORMAL',
      'macs SHA1 is there: NORMAL',
    ])
    expect(decidingToken(verdict)).toBe('+VERS-TLS1.1')
  })

  it('have no key exchange in TLS 1.3', () => {
    expect(partsOf(why('NORMAL', 'suite', 'TLS_AES_128_GCM_SHA256'))).toEqual([
      'protocols TLS1.3 is there: start',
      'ciphers AES-128-GCM is there: NORMAL',
      'macs AEAD is there: NORMAL',
    ])
  })

  it('name the version that came nearest where none is left', () => {
    const verdict = why('NONE:+VERS-TLS1.1:-VERS-TLS1.1', 'suite', RSA_CBC)
    expect(verdict.deciding).toMatchObject({ kind: 'protocols', name: 'TLS1.1', present: false })
    expect(decidingToken(verdict)).toBe('-VERS-TLS1.1')
  })

  it('name the newest version where nothing says any of them', () => {
    expect(partsOf(why('NONE', 'suite', 'TLS_AES_128_GCM_SHA256'))[0]).toBe(
      'protocols TLS1.3 is missing: nothing',
    )
  })

  it('name no version where none knows the signature algorithm', () => {
    expect(partsOf(why('NORMAL', 'signature', 'RSA-SHA3-256'))[1]).toBe(
      'protocols  is missing: nothing',
    )
  })

  it('are decided by the token that changed the list last, not by one that found it so', () => {
    expect(partsOf(why('NONE:+RSA:-RSA:-RSA:+PSK', 'suite', RSA_CBC))[1]).toBe(
      'keyExchanges RSA is missing: -RSA',
    )
    const verdict = why('NORMAL:+RSA:-SHA1:+SHA1:+AES-128-CBC', 'suite', RSA_CBC)
    expect(decidingToken(verdict)).toBe('+SHA1')
  })

  it('may all be there in a string that cannot be used', () => {
    const verdict = why('NORMAL:-CIPHER-ALL', 'protocol', 'TLS1.2')
    expect(verdict).toMatchObject({ allowed: false, deciding: { present: true } })
    expect(why('@NOWHERE', 'protocol', 'TLS1.2')).toMatchObject({
      allowed: false,
      deciding: { present: false, decision: { by: 'nothing' } },
    })
  })
})
