import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Diagnostic, DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { formatLocation } from '../../src/diagnostics/source.ts'
import { chooseSignature } from '../../src/pki/certificate-signature.ts'
import { formatKeyKind, parseKeyRequest } from '../../src/pki/key-kind.ts'
import {
  chooseKeyKind,
  type KeyUser,
  requireStrongKey,
  type Strength,
} from '../../src/pki/key-strength.ts'
import { findCertificateSignature } from '../../src/x509/signature-rules.ts'
import { ROOT, runFile } from '../cli/command.ts'
import { strengthOf } from './credentials.ts'

function choose(key: string | undefined, strength: Strength, user: KeyUser = 'endpoint'): string {
  const request = key === undefined ? undefined : parseKeyRequest(key)
  return formatKeyKind(chooseKeyKind(request, user, strength))
}

function refusalOf(work: () => unknown): Diagnostic {
  try {
    work()
  } catch (error) {
    if (error instanceof DiagnosticError && error.diagnostics[0]) return error.diagnostics[0]
    throw error
  }
  throw new Error('nothing was refused')
}

describe('the key that is chosen', () => {
  test.each([
    ['NORMAL', 'rsa:3072'],
    ['SECURE192', 'rsa:3072'],
    ['SUITEB128', 'ecdsa:secp256r1'],
    ['SUITEB192', 'ecdsa:secp384r1'],
    ['NORMAL:-SIGN-ALL:+SIGN-EDDSA-ED25519', 'ed25519'],
    ['NORMAL:-SIGN-ALL:+SIGN-ECDSA-SECP521R1-SHA512:-VERS-TLS1.2', 'ecdsa:secp521r1'],
    ['NORMAL:-SIGN-ALL:+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-ECDSA-SHA256', 'rsa:3072'],
    ['NORMAL:%PROFILE_MEDIUM', 'rsa:3072'],
  ])('is the first that %s allows', (priority, key) => {
    expect(choose(undefined, strengthOf(priority))).toBe(key)
  })

  test.each([
    // DSA and GOST are no kinds of key that pki makes; the last profile asks for more than Ed25519 has.
    'NORMAL:-SIGN-ALL:+SIGN-DSA-SHA256',
    'NORMAL:-SIGN-ALL:+SIGN-GOSTR341012-256:+GOST',
    'NORMAL:-SIGN-ALL:+SIGN-EDDSA-ED25519:%PROFILE_FUTURE',
  ])('is none under %s', (priority) => {
    const refusal = refusalOf(() => choose(undefined, strengthOf(priority)))
    expect(refusal.code).toBe('PKI_NO_KEY_ALLOWED')
  })

  test('is none of those that were tried, which are told', () => {
    const messageOf = (priority: string) =>
      refusalOf(() => choose(undefined, strengthOf(priority))).message
    expect(messageOf('NORMAL:-SIGN-ALL:+SIGN-EDDSA-ED25519:%PROFILE_FUTURE')).toMatch(
      / \(ed25519\)$/,
    )
    expect(messageOf('NORMAL:-SIGN-ALL:+SIGN-DSA-SHA256')).not.toContain('(')
  })

  test('is of the size that the policy asks for, where none is named', () => {
    expect(choose('rsa', strengthOf('NORMAL:%PROFILE_ULTRA'))).toBe('rsa:8192')
    expect(choose('ecdsa', strengthOf('NORMAL:%PROFILE_ULTRA'))).toBe('ecdsa:secp384r1')
    expect(choose('ecdsa:p-521', strengthOf())).toBe('ecdsa:secp521r1')
  })

  test('is not one that is too new for most peers', () => {
    const strength = strengthOf('NORMAL:-SIGN-ALL:+SIGN-ML-DSA-65:+SIGN-RSA-SHA256')
    expect(choose(undefined, strength)).toBe('rsa:3072')
    expect(choose('ml-dsa-65', strength)).toBe('ml-dsa-65')
  })
})

describe('a key that is too weak is refused', () => {
  const CONFIGURATION = '[overrides]\n# the policy\nmin-verification-profile = high\n'

  test('with the line of the configuration', () => {
    const strength = strengthOf('NORMAL', CONFIGURATION)
    const { code, message, span } = refusalOf(() => choose('rsa:2048', strength))
    expect(code).toBe('PKI_KEY_TOO_WEAK')
    expect(message).toBe('rsa:2048 is too weak: `min-verification-profile = high` asks for 3072')
    expect(span && formatLocation(span)).toBe('gnutls.config:3:1')
  })

  test('with the token of the string', () => {
    const { message, span } = refusalOf(() =>
      choose('rsa:2048', strengthOf('NORMAL:%PROFILE_HIGH')),
    )
    expect(message).toContain('`%PROFILE_HIGH` asks for 3072')
    expect(span && formatLocation(span)).toBe('<priority>:1:8')
  })

  test('also where it is there already', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const check = () =>
      requireStrongKey(privateKey, 'authority', strengthOf('NORMAL', CONFIGURATION), 'do this')
    expect(refusalOf(check)).toMatchObject({ code: 'PKI_KEY_TOO_WEAK', hint: 'do this' })
    const curve = generateKeyPairSync('ec', { namedCurve: 'secp224r1' }).privateKey
    const foreign = refusalOf(() => requireStrongKey(curve, 'endpoint', strengthOf(), 'that'))
    expect(foreign.code).toBe('PKI_KEY_UNKNOWN_TYPE')
  })

  test.each(['ml-dsa-44', 'ed25519', 'ecdsa:secp256r1', 'rsa:4096'])(
    '%s under PROFILE_ULTRA',
    (key) => {
      const { code } = refusalOf(() => choose(key, strengthOf('NORMAL:%PROFILE_ULTRA')))
      expect(code).toBe('PKI_KEY_TOO_WEAK')
    },
  )
})

describe('a key that no handshake could use is refused', () => {
  test('with the token that took its signatures away', () => {
    const strength = strengthOf('NORMAL:-SIGN-EDDSA-ED25519')
    const { code, span } = refusalOf(() => choose('ed25519', strength))
    expect(code).toBe('PKI_KEY_FORBIDDEN')
    expect(span && formatLocation(span)).toBe('<priority>:1:8')
  })

  test('with the line that forbids its curve', () => {
    const strength = strengthOf('NORMAL', '[overrides]\ndisabled-curve = secp384r1\n')
    const { code, span } = refusalOf(() => choose('ecdsa:secp384r1', strength))
    expect(code).toBe('PKI_KEY_FORBIDDEN')
    expect(span && formatLocation(span)).toBe('gnutls.config:2:1')
    expect(choose('ecdsa', strength)).toBe('ecdsa:secp256r1')
  })

  test('unless it signs nothing but certificates', () => {
    const strength = strengthOf('NORMAL:-SIGN-EDDSA-ED25519')
    expect(choose('ed25519', strength, 'authority')).toBe('ed25519')
  })
})

describe('signatures', () => {
  const nameOf = (key: string, strength: Strength) => {
    const kind = chooseKeyKind(parseKeyRequest(key), 'authority', strength)
    return findCertificateSignature(chooseSignature(kind, strength).identifier)?.name
  }

  test.each([
    ['rsa', 'NORMAL', 'RSA-SHA256'],
    ['rsa', 'NORMAL:%PROFILE_ULTRA', 'RSA-SHA384'],
    ['ecdsa:secp256r1', 'NORMAL', 'ECDSA-SHA256'],
    ['ecdsa:secp384r1', 'NORMAL', 'ECDSA-SHA384'],
    ['ecdsa:secp521r1', 'NORMAL', 'ECDSA-SHA512'],
    ['ed25519', 'NORMAL', 'EdDSA-Ed25519'],
    ['ml-dsa-65', 'NORMAL', 'ML-DSA-65'],
  ])('of %s under %s are %s', (key, priority, name) => {
    expect(nameOf(key, strengthOf(priority))).toBe(name)
  })

  test('step aside where one is forbidden, and are refused where all are', () => {
    const without = (...names: readonly string[]) =>
      strengthOf(
        'NORMAL',
        `[overrides]\n${names.map((name) => `insecure-sig-for-cert = ${name}\n`).join('')}`,
      )
    expect(nameOf('rsa', without('rsa-sha256'))).toBe('RSA-SHA384')
    const { code, span } = refusalOf(() => nameOf('ed25519', without('eddsa-ed25519')))
    expect(code).toBe('PKI_SIGNATURE_FORBIDDEN')
    expect(span && formatLocation(span)).toBe('gnutls.config:2:1')
  })
})

describe('the place that asks for a profile', () => {
  const placeOf = (strength: Strength, work: (strength: Strength) => unknown = weak) => {
    const { span, message } = refusalOf(() => work(strength))
    return [span && formatLocation(span), message]
  }
  const weak = (strength: Strength) => choose('rsa:1024', strength)
  const asks = (words: string, bits: number) =>
    `rsa:1024 is too weak: \`${words}\` asks for ${bits}`

  test('is the last token of the string that names one, else the first', () => {
    expect(placeOf(strengthOf('NORMAL:%PROFILE_LOW:%PROFILE_HIGH:+SHA1'))).toEqual([
      ...['<priority>:1:21', asks('%PROFILE_HIGH', 3072)],
    ])
    expect(placeOf(strengthOf('SECURE192:+SHA1'))).toEqual([
      ...['<priority>:1:1', asks('SECURE192', 3072)],
    ])
  })

  test('is the line of the configuration only where it is that one', () => {
    const config = '[overrides]\nmin-verification-profile = medium\n'
    expect(placeOf(strengthOf('NORMAL:%PROFILE_LOW', config))).toEqual([
      ...['gnutls.config:2:1', asks('min-verification-profile = medium', 2048)],
    ])
    expect(placeOf(strengthOf('NORMAL:%PROFILE_HIGH', config))).toEqual([
      ...['<priority>:1:8', asks('%PROFILE_HIGH', 3072)],
    ])
  })

  test('is told where no signature of a key reaches it', () => {
    const sign = (strength: Strength) => chooseSignature({ type: 'rsa', bits: 3072 }, strength)
    expect(placeOf(strengthOf('NORMAL:%PROFILE_SUITEB128'), sign)[0]).toBe('<priority>:1:8')
    expect(placeOf(strengthOf('SUITEB128'), sign)[0]).toBe('<priority>:1:1')
  })
})

test('a key that the configuration leaves no handshake is refused with its line', () => {
  const strength = strengthOf('NORMAL', '[overrides]\ninsecure-sig = eddsa-ed25519\n')
  const { code, span } = refusalOf(() => choose('ed25519', strength))
  expect([code, span && formatLocation(span)]).toEqual(['PKI_KEY_FORBIDDEN', 'gnutls.config:2:1'])
})

describe('--key', () => {
  test.each(['rsa:', 'rsa:1000', 'rsa:512', 'rsa:3073', 'rsa:99999', 'rsa:3072:1', 'rsa:0x800'])(
    'refuses %s',
    (text) => {
      expect(refusalOf(() => parseKeyRequest(text)).code).toMatch(/^PKI_KEY_/)
    },
  )

  test.each(['', 'dsa', 'ecdsa:secp256k1', 'ecdsa:', 'ed25519:256', 'ML-DSA'])(
    'refuses `%s`',
    (text) => {
      expect(refusalOf(() => parseKeyRequest(text)).fault).toBe('usage')
    },
  )
})

test.each(['rsa:3072', 'ecdsa:p-256', 'ed25519', 'ml-dsa-65'])(
  'a key of %s that OpenSSL does not make is refused in words',
  (text) => {
    // Without the provider of FIPS, this mode leaves OpenSSL nothing. It is that of a whole process.
    const program = `
      import { setFips } from 'node:crypto'
      import { generateKey } from '${join(ROOT, 'src/pki/key-kind.ts')}'
      setFips(true)
      try { generateKey(${JSON.stringify(chooseKeyKind(parseKeyRequest(text), 'authority', strengthOf()))}) }
      catch (error) { console.log(error.diagnostics[0].code) }`
    const { stdout, stderr } = runFile(process.execPath, ['--input-type=module', '-e', program])
    expect([stdout, stderr]).toEqual(['PKI_RUNTIME_LACKS_KEY\n', ''])
  },
)
