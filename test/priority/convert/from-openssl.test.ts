import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { opensslSuiteName } from '../../../src/algorithms/tls-suite-openssl.ts'
import { convertFromOpenssl } from '../../../src/priority/convert/from-openssl.ts'
import { expandCipherList } from '../../../src/priority/convert/openssl-cipher-list.ts'
import { allowedTls, evaluatePriority } from '../../../src/priority/evaluate.ts'

const LISTS = [
  'DEFAULT',
  'HIGH:!aNULL:!MD5',
  'ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM',
  'ALL:!ADH:!PSK:+kRSA',
  'EECDH+AES256:EDH+AES256:!SHA1',
  'PSK+AES128:-SHA',
  'kRSA:!CAMELLIA:!AESCCM',
  'ECDHE-RSA-AES128-GCM-SHA256:AES256-SHA',
]

function opensslExpands(ciphers: string): readonly string[] | undefined {
  try {
    const args = ['ciphers', '-ciphersuites', '', `${ciphers}:@SECLEVEL=0`]
    return execFileSync('openssl', args, { encoding: 'utf8' }).trim().split(':')
  } catch {
    return undefined
  }
}

const everything = opensslExpands('ALL:COMPLEMENTOFALL')

describe('an OpenSSL cipher list', () => {
  it.skipIf(!everything && !process.env.CI).each(LISTS)('expands as openssl does: %s', (list) => {
    const theirs = opensslExpands(list) ?? []
    const names = expandCipherList(list).suites.map((suite) => opensslSuiteName(suite) ?? '')
    const ours = names.filter((name) => everything?.includes(name))
    const shared = theirs.filter((name) => !/ARIA|^GOST|IDEA|SEED/.test(name))
    expect(ours.toSorted()).toEqual(shared.toSorted())
  })

  it('removes for good with ! and for now with -', () => {
    expect(expandCipherList('!kRSA:ALL').suites.some((s) => s.keyExchange === 'RSA')).toBe(false)
    expect(expandCipherList('ALL:-kRSA:AES128-SHA').suites.at(-1)?.number).toBe(0x002f)
  })

  it('names the words that it ignores', () => {
    expect(expandCipherList('HIGH:FOO+BAR:@STRENGTH').ignored).toEqual(['FOO+BAR'])
  })
})

describe('the priority string', () => {
  it('allows just the same where it can', () => {
    expect(convertFromOpenssl('ECDHE+AESGCM')).toMatchObject({
      text: 'NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA:+ECDHE-RSA:+AES-256-GCM:+AES-128-GCM:+AEAD:+GROUP-ALL:+SIGN-ALL:+CTYPE-X509',
      omissions: [{ name: 'TLS_CHACHA20_POLY1305_SHA256' }],
    })
  })

  it('leaves out what would bring others with it', () => {
    const { text, omissions } = convertFromOpenssl('ECDHE-RSA-AES128-GCM-SHA256:AES256-SHA')
    expect(text).toContain('+ECDHE-RSA')
    expect(omissions.map(({ name }) => name)).toContain('TLS_RSA_WITH_AES_256_CBC_SHA')
  })

  it('never allows a suite that the list does not', () => {
    const words = fc.constantFrom(...LISTS.flatMap((list) => list.split(':')))
    fc.assert(
      fc.property(fc.array(words, { minLength: 1, maxLength: 5 }), (list) => {
        const { suites, suites13 } = expandCipherList(list.join(':'))
        const { text } = convertFromOpenssl(list.join(':'))
        const outcome = evaluatePriority({ name: 'test', text })
        const allowed = outcome.ok ? allowedTls(outcome.evaluation).suites : []
        return allowed.every((suite) => suites.includes(suite) || suites13.includes(suite))
      }),
    )
  })
})
