import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it, test } from 'vitest'
import { OPENSSL_SUITES } from '../../../src/algorithms/openssl-suites.ts'
import { hasErrors } from '../../../src/diagnostics/diagnostic.ts'
import { expandCipherList } from '../../../src/priority/cipher-list/cipher-list.ts'
import { CIPHER_LIST_WORDS } from '../../../src/priority/cipher-list/cipher-list-words.ts'
import type { OpensslRelease } from '../../../src/priority/library-releases.ts'
import { findInstalledRelease } from '../../../src/system/installed-library.ts'
import { execFileSync } from '../../peers/child-process.ts'
import { testWith } from '../../peers/peer.ts'
import { Random } from '../random-priorities.ts'

type Recorded = {
  readonly list: string
  /**
   * What `openssl ciphers -s -psk -srp -V` of each release prints before TLS 1.3, sorted; null
   * where it refuses the list. 3.6 is there where it differs from 3.5.
   */
  readonly out: Readonly<Partial<Record<OpensslRelease, string | null>>>
}

const RELEASES: readonly OpensslRelease[] = ['3.0', '3.5', '3.6']

function readRecorded(): readonly Recorded[] {
  const packed = readFileSync(
    join(import.meta.dirname, '..', '..', 'corpora', 'cipher-lists.jsonl.gz'),
  )
  const lines = gunzipSync(packed).toString('utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Recorded)
}

function expandInOrder(list: string, release: OpensslRelease): string | null {
  const { suites, diagnostics } = expandCipherList({ name: 'list', text: list }, release)
  return hasErrors(diagnostics) ? null : suites.map(({ name }) => name).join(':')
}

function expand(list: string, release: OpensslRelease): string | null {
  return expandInOrder(list, release)?.split(':').toSorted().join(':') ?? null
}

/** Words that OpenSSL ignores in silence, so that its answer says nothing of our refusal. */
const IGNORED = new Set(['DEFAULTfoo'])

describe('a cipher list', () => {
  it.each(RELEASES)('selects what OpenSSL %s selects', (release) => {
    for (const { list, out } of readRecorded()) {
      if (IGNORED.has(list)) continue
      const expected = out[release] === undefined ? out['3.5'] : out[release]
      expect({ list, suites: expand(list, release) }).toEqual({ list, suites: expected })
    }
  })

  /** In the order that `openssl ciphers -s -psk -srp` of 3.0 and 3.5 prints. */
  it.each([
    [
      'AES256-SHA:ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA',
      'AES256-SHA ECDHE-RSA-AES128-GCM-SHA256 AES128-SHA',
    ],
    [
      'AES256-SHA:ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA:+AES256-SHA',
      'ECDHE-RSA-AES128-GCM-SHA256 AES128-SHA AES256-SHA',
    ],
    [
      'kRSA+AESGCM:kRSA+SHA1+AES:@STRENGTH',
      'AES256-GCM-SHA384 AES256-SHA AES128-GCM-SHA256 AES128-SHA',
    ],
    [
      'CHACHA20:AESGCM+aECDSA:+CHACHA20:!PSK',
      'ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-RSA-CHACHA20-POLY1305 DHE-RSA-CHACHA20-POLY1305',
    ],
    [
      'aECDSA+AESGCM:ECDHE-RSA-CHACHA20-POLY1305:-AES128:kRSA+AESGCM:AES128+aECDSA+AESGCM',
      'ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-RSA-CHACHA20-POLY1305 AES256-GCM-SHA384 AES128-GCM-SHA256 ECDHE-ECDSA-AES128-GCM-SHA256',
    ],
    [
      'AESGCM+aRSA:-kRSA:kRSA+AESGCM:!DHE',
      'ECDHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-AES128-GCM-SHA256 RSA-PSK-AES256-GCM-SHA384 RSA-PSK-AES128-GCM-SHA256 AES256-GCM-SHA384 AES128-GCM-SHA256',
    ],
    [
      'AESGCM+aRSA:AES128-SHA:@SECLEVEL=3',
      'ECDHE-RSA-AES256-GCM-SHA384 DHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-AES128-GCM-SHA256 DHE-RSA-AES128-GCM-SHA256',
    ],
    [
      'AESGCM+aRSA:AES128-SHA:@SECLEVEL=4:!kRSA',
      'ECDHE-RSA-AES256-GCM-SHA384 DHE-RSA-AES256-GCM-SHA384',
    ],
    ['AECDH+AES:AES128-SHA', 'AES128-SHA'],
    ['AECDH+AES:AES128-SHA:@SECLEVEL=0', 'AECDH-AES256-SHA AECDH-AES128-SHA AES128-SHA'],
  ])('%s selects in the order of OpenSSL', (text, names) => {
    for (const release of ['3.0', '3.5'] as const) {
      const { suites } = expandCipherList({ name: 'list', text }, release)
      expect(suites.map(({ name }) => name).join(' ')).toBe(names)
    }
  })

  it.each([
    ['FOO', 'CIPHER_LIST_UNKNOWN_WORD', 0],
    ['HIGH:!FOO', 'CIPHER_LIST_UNKNOWN_WORD', 6],
    ['HIGH:AES+FOO', 'CIPHER_LIST_UNKNOWN_WORD', 9],
    ['high:!anull', 'CIPHER_LIST_UNKNOWN_WORD', 0],
    ['HIGH:@SECLEVEL=6', 'CIPHER_LIST_SYNTAX', 5],
    ['HIGH:@SECLEVEL=10', 'CIPHER_LIST_SYNTAX', 5],
    ['HIGH:@SECLEVEL=', 'CIPHER_LIST_SYNTAX', 5],
    ['HIGH:@SECLEVEL=2x', 'CIPHER_LIST_SYNTAX', 5],
    ['HIGH:@STRENGTH2', 'CIPHER_LIST_SYNTAX', 5],
    ['HIGH:!', 'CIPHER_LIST_SYNTAX', 5],
    ['HIGH:$AES', 'CIPHER_LIST_SYNTAX', 5],
    ['HIGH:++AES', 'CIPHER_LIST_SYNTAX', 5],
    ['', 'CIPHER_LIST_NO_CIPHER', 0],
    ['TLS_AES_128_GCM_SHA256', 'CIPHER_LIST_IDLE_WORD', 0],
    ['ALL:DEFAULT', 'CIPHER_LIST_IDLE_WORD', 4],
    ['HIGH:RC4:!EXPORT', 'CIPHER_LIST_IDLE_WORD', 5],
    ['HIGH:+RC4', 'CIPHER_LIST_IDLE_WORD', 6],
    ['HIGH:!TLS_AES_128_GCM_SHA256', 'CIPHER_LIST_IDLE_WORD', 6],
    ['HIGH:-TLSv1.3', 'CIPHER_LIST_IDLE_WORD', 6],
    ['SUITEB128:HIGH', 'CIPHER_LIST_AFTER_SUITE_B', 9],
  ])('%s is told as %s at %i', (text, code, start) => {
    const { diagnostics } = expandCipherList({ name: 'list', text }, '3.5')
    expect(diagnostics[0]).toMatchObject({ code, span: { start } })
  })
})

it.each([
  ['HIGH:@SECLEVEL=6', 'there are @STRENGTH and @SECLEVEL=0 to @SECLEVEL=5'],
  ['HIGH:!', undefined],
])('what is no element of %s has a hint where there is one', (text, hint) => {
  const { diagnostics } = expandCipherList({ name: 'list', text }, '3.5')
  expect(diagnostics[0]?.hint).toBe(hint)
})

testWith('openssl', 'random lists select what the installed OpenSSL selects', () => {
  const { openssl: release = '3.0' } = findInstalledRelease('openssl', 'openssl')
  const random = new Random(42)
  for (let count = 0; count < 40; count++) {
    const list = randomList(random)
    const suites = expandInOrder(list, release)
    expect({ list, suites }).toEqual({ list, suites: askOpenssl(list) })
  }
})

function askOpenssl(list: string): string | null {
  try {
    const args = ['ciphers', '-s', '-psk', '-srp', list]
    const text = execFileSync('openssl', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 60_000,
    })
    const names = text.trim().split(':')
    return names.filter((name) => name !== '' && !name.startsWith('TLS_')).join(':')
  } catch {
    return null
  }
}

function randomList(random: Random): string {
  const word = (): string =>
    random.chance(85) ? random.pick(CIPHER_LIST_WORDS) : random.pick(OPENSSL_SUITES).name
  const element = (): string =>
    random.chance(8)
      ? random.pick(['@STRENGTH', '@SECLEVEL=0', '@SECLEVEL=1', '@SECLEVEL=3', '@SECLEVEL=4'])
      : random.pick(['', '', '', '!', '-', '+']) + [word(), ...random.list(1, word)].join('+')
  const first = random.pick(['DEFAULT', 'ALL', 'HIGH', word()])
  return [first, ...random.list(6, element)].join(random.pick([':', ' ', ',', ';']))
}

test('long nonsense is refused at once', () => {
  const text = `${'A-'.repeat(20_000)}!`
  expect(expand(text, '3.5')).toBeNull()
})

test.each([
  ...['LOW', 'EXP', 'EXPORT', 'EXPORT40', 'EXPORT56', 'SSLv2', 'TLSv1.1', 'TLSv1.3', 'DEFAULT'],
  ...[
    '3DES',
    'DES',
    'DES40',
    'RC2',
    'RC4',
    'IDEA',
    'SEED',
    'FZA',
    'AEAD',
    'SUITEB128',
    'SUITEB192',
  ],
  ...['kDHr', 'kDHd', 'kDH', 'aDH', 'kECDHr', 'kECDHe', 'kECDH', 'aECDH', 'kKRB5', 'aKRB5', 'KRB5'],
  ...['kGOST', 'kGOST18', 'aGOST', 'aGOST01', 'aGOST94', 'aGOST12', 'GOST94', 'GOST89'],
  ...['GOST89MAC', 'GOST89MAC12', 'GOST12', 'GOST2012256', 'MAGMA', 'KUZNYECHIK', 'kFZA', 'aFZA'],
  ...['RC4-SHA', 'DES-CBC3-SHA', 'EXP-RC4-MD5', 'EXP1024-DES-CBC-SHA', 'SSL_CK_RC4_128_WITH_MD5'],
  ...['ECDH-RSA-AES128-SHA', 'ECDHE-RSA-DES-CBC3-SHA', 'IDEA-CBC-SHA', 'GOST2001-GOST89-GOST89'],
  ...['TLS_AES_128_GCM_SHA256', 'SEED-SHA', 'NULL-GOST94', 'DHE-PSK-3DES-EDE-CBC-SHA'],
])('%s selects nothing, and is known', (word) => {
  const { diagnostics, suites } = expandCipherList({ name: 'list', text: `AES:${word}` }, '3.5')
  expect(diagnostics.map(({ code, severity }) => [code, severity])).toEqual([
    ['CIPHER_LIST_IDLE_WORD', 'warning'],
  ])
  expect(suites.length).toBeGreaterThan(0)
})

test.each(['HIGH:!RC4:!EXPORT', 'HIGH:-RC4-SHA', 'HIGH:!kRSA+3DES', 'HIGH:!GOST94'])(
  'of %s nothing is said: what it takes away is not built anyway',
  (text) => {
    const { diagnostics, suites } = expandCipherList({ name: 'list', text }, '3.5')
    expect(diagnostics).toEqual([])
    expect(suites).toEqual(expandCipherList({ name: 'list', text: 'HIGH' }, '3.5').suites)
  },
)

test.each(['xRC4-SHA!', 'RC4x', 'TLS_', 'tls_aes', 'SSL_', 'LOWER', 'xECDH-RSA-AES128-SHA'])(
  '%s is not known',
  (word) => {
    const { diagnostics } = expandCipherList({ name: 'list', text: `AES:${word}` }, '3.5')
    expect(diagnostics[0]?.code).toMatch(/^CIPHER_LIST_(UNKNOWN_WORD|SYNTAX)$/)
  },
)

test.each([
  ['', 'the cipher list is empty'],
  ['!AES', '`!AES` selects no cipher suite'],
])('of %j is told that %s', (text, message) => {
  const { diagnostics } = expandCipherList({ name: 'list', text }, '3.5')
  expect(diagnostics.map((one) => one.message)).toEqual([message])
})
