import { describe, expect, it } from 'vitest'
import { OPENSSL_SUITES } from '../../../src/algorithms/openssl-suites.ts'
import { DiagnosticError, hasErrors } from '../../../src/diagnostics/diagnostic.ts'
import { expandCipherList } from '../../../src/priority/cipher-list/cipher-list.ts'
import { CIPHER_LIST_WORDS } from '../../../src/priority/cipher-list/cipher-list-words.ts'
import { exactnessOf } from '../../../src/priority/convert/convert-diagnostics.ts'
import { convertFromOpenssl, type FromOpenssl } from '../../../src/priority/convert/from-openssl.ts'
import { readOpensslSettings } from '../../../src/priority/convert/openssl-settings.ts'
import { allowedTls, type Evaluation } from '../../../src/priority/evaluate.ts'
import { requirePriority } from '../../../src/priority/failure/failure-diagnostics.ts'
import { fc } from '../../seed.ts'

const SUITES13 = [0x1301, 0x1302, 0x1303]

function source(text: string) {
  return { name: 'list', text }
}

function convert(text: string): FromOpenssl {
  return convertFromOpenssl(source(text))
}

function evaluate(text: string): Evaluation {
  return requirePriority({ name: 'test', text })
}

function codeOf(text: string): string | undefined {
  try {
    convert(text)
    return undefined
  } catch (error) {
    if (error instanceof DiagnosticError)
      return error.diagnostics.find(({ severity }) => severity === 'error')?.code
    throw error
  }
}

describe('the priority string', () => {
  it('allows just the same where it can', () => {
    const { text, omissions } = convert('ECDHE+AESGCM')
    expect(text).toMatch(
      /^NONE:\+VERS-TLS1\.3:\+VERS-TLS1\.2:\+ECDHE-ECDSA:\+ECDHE-RSA:\+AES-256-GCM:\+AES-128-GCM:\+AEAD:/,
    )
    expect(omissions.map(({ name }) => name)).toEqual(['TLS_CHACHA20_POLY1305_SHA256'])
  })

  it('leaves out what would bring others with it', () => {
    const { text, omissions } = convert('ECDHE-RSA-AES128-GCM-SHA256:AES256-SHA')
    expect(text).toContain('+ECDHE-RSA')
    expect(omissions.map(({ name }) => name)).toContain('TLS_RSA_WITH_AES_256_CBC_SHA')
  })

  it('never allows a suite that the list does not select', () => {
    const words = [...CIPHER_LIST_WORDS, ...OPENSSL_SUITES.map(({ name }) => name)]
    const element = fc
      .tuple(fc.constantFrom('', '', '!', '-', '+'), fc.constantFrom(...words))
      .map((parts) => parts.join(''))
    const lists = fc.array(element, { minLength: 1, maxLength: 5 }).map((all) => all.join(':'))
    const property = fc.property(lists, fc.constantFrom('', '', ':@SECLEVEL=0'), (list, level) => {
      const { suites, diagnostics } = expandCipherList(source(list + level), '3.0')
      if (hasErrors(diagnostics) || codeOf(list + level) !== undefined) return
      const selected = new Set([...suites.map(({ number }) => number), ...SUITES13])
      const conversion = convert(list + level)
      const { suites: allowed } = allowedTls(evaluate(conversion.text))
      expect(allowed.filter(({ number }) => !selected.has(number))).toEqual([])
      const isExact = allowed.length === suites.length + SUITES13.length
      if (exactnessOf(conversion) === 'exact') expect(isExact).toBe(true)
    })
    fc.assert(property, { seed: 4, numRuns: 60 })
  })

  it.each([
    ['HIGH', 'MEDIUM', ['x25519', 'secp256r1', 'ffdhe2048'], ['secp192r1', 'GC256A']],
    ['HIGH:@SECLEVEL=3', 'HIGH', ['x25519', 'ffdhe3072'], ['ffdhe2048']],
    ['HIGH:@SECLEVEL=5', 'FUTURE', ['secp521r1'], ['x25519', 'secp384r1', 'ffdhe8192']],
    ['SUITEB128', 'SUITEB128', ['secp256r1', 'secp384r1'], ['x25519', 'secp521r1']],
    ['SUITEB192', 'SUITEB128', ['secp384r1'], ['secp256r1']],
  ])('of %s has the profile %s, groups %j and not %j', (list, profile, has, lacks) => {
    const evaluation = evaluate(convert(list).text)
    const groups = allowedTls(evaluation).groups.map(({ name }) => name)
    expect(evaluation.profile).toBe(profile)
    expect(groups).toEqual(expect.arrayContaining(has))
    expect(groups.filter((name) => lacks.includes(name))).toEqual([])
  })

  it('has shared keys only where the list names them', () => {
    expect(convert('HIGH').text).not.toContain('PSK')
    expect(convert('HIGH').omissions.map(({ name }) => name)).toContain('PSK-AES256-GCM-SHA384')
    expect(convert('HIGH:!kRSAPSK:-ECDHE+PSK').text).not.toContain('PSK')
    expect(convert('PSK').text).toContain('+PSK:')
    expect(convert('PSK+HIGH').text).toContain('+PSK:')
  })

  it('names no version for which no suite is left', () => {
    expect(convert('AES128-SHA').text).not.toContain('VERS-TLS1.3')
    expect(convert('ARIA').text).not.toContain('VERS-TLS1.2')
  })

  it.each([
    ['', 'CIPHER_LIST_NO_CIPHER'],
    ['high:!anull', 'CIPHER_LIST_UNKNOWN_WORD'],
    ['PROFILE=SYSTEM', 'CIPHER_LIST_UNKNOWN_WORD'],
    ['HIGH:!NONSENSE', 'CIPHER_LIST_UNKNOWN_WORD'],
    ['3DES:RC4', 'CIPHER_LIST_NO_CIPHER'],
    ['eNULL:@SECLEVEL=0', 'CIPHER_LIST_NOTHING_LEFT'],
  ])('of %j there is none: %s', (list, code) => {
    expect(codeOf(list)).toBe(code)
  })
})

describe('the settings of a policy', () => {
  const settings = readOpensslSettings(
    [
      'CipherString = kRSA',
      'Ciphersuites = TLS_AES_256_GCM_SHA384',
      'TLS.MinProtocol = TLSv1.2',
      'TLS.MaxProtocol = TLSv1.3',
      'SignatureAlgorithms = ?mldsa44:ECDSA+SHA256:RSA+SHA256:rsa_pss_rsae_sha256:RSA+SHA224',
      'Groups = *?X25519MLKEM768/*X25519:secp384r1:P-521',
      '[req]',
      'Groups = secp256r1',
    ].join('\n'),
  )

  it('limit the string', () => {
    const { text } = convertFromOpenssl(source('HIGH'), { settings })
    const { suites, groups, signatureSchemes } = allowedTls(evaluate(text))
    expect(suites.filter(({ keyExchange }) => !keyExchange).map(({ name }) => name)).toEqual([
      'TLS_AES_256_GCM_SHA384',
    ])
    expect(groups.map(({ name }) => name)).toEqual([
      ...['X25519MLKEM768', 'x25519', 'secp384r1', 'secp521r1'],
    ])
    expect(signatureSchemes.map(({ name }) => name).toSorted()).toEqual([
      ...['ecdsa_secp256r1_sha256', 'mldsa44', 'rsa_pkcs1_sha256', 'rsa_pss_rsae_sha256'],
    ])
  })

  it('rule versions out', () => {
    const only13 = convertFromOpenssl(source('HIGH'), { settings: { minProtocol: 'TLSv1.3' } })
    const only12 = convertFromOpenssl(source('HIGH'), { settings: { maxProtocol: 'TLSv1.2' } })
    expect(only13.text).not.toContain('VERS-TLS1.2')
    expect(only12.text).not.toContain('VERS-TLS1.3')
  })
})
