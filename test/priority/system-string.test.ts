/** The string of @SYSTEM under an allowlist that repeats itself: gnutls-cli has room for so many. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { algorithmRules } from '../../src/priority/algorithm-rules.ts'
import type { Listing } from '../../src/priority/gnutls-cli-listing.ts'
import { parseSystemConfig } from '../../src/priority/system-config.ts'
import { systemRules } from '../../src/priority/system-rules.ts'
import { systemString } from '../../src/priority/system-string.ts'
import { runFile, scratchFolder } from '../cli/command.ts'
import { hasPeer } from '../peers/peer.ts'
import { listPriority } from './list-priority.ts'

const LINES = [
  ...['secure-hash = SHA256', 'enabled-curve = X25519', 'tls-enabled-group = X25519'],
  ...['tls-enabled-cipher = AES-256-GCM', 'tls-enabled-mac = AEAD'],
  ...['tls-enabled-kx = ECDHE-RSA', 'enabled-version = TLS1.2'],
  ...['secure-sig = RSA-SHA256', 'secure-sig-for-cert = RSA-SHA256'],
]

/** An allowlist in which one line stands so many times. */
function allowlist(line: string, times: number): string {
  const more = Array<string>(times - 1).fill(line)
  return `[global]\noverride-mode = allowlist\n[overrides]\n${[...LINES, ...more].join('\n')}\n`
}

function askGnutls(text: string): Listing {
  const path = join(scratchFolder(), 'gnutls.config')
  writeFileSync(path, text)
  const env = { GNUTLS_SYSTEM_PRIORITY_FILE: path, LC_ALL: 'C' }
  const { status, ...output } = runFile('gnutls-cli', ['-l', '--priority', '@SYSTEM'], { env })
  return { ...output, status: status === 0 ? 0 : 1 }
}

const REPEATED = [
  ...['enabled-version = TLS1.2', 'secure-sig-for-cert = RSA-SHA256'],
  'secure-sig = RSA-SHA256',
]

describe.skipIf(!hasPeer('gnutls-cli'))('GnuTLS lists what we list [gnutls-cli]', () => {
  test.each(REPEATED)('where %s is repeated', (line) => {
    for (const times of [1, 127, 128]) {
      const text = allowlist(line, times)
      const config = parseSystemConfig({ name: 'gnutls.config', text })
      const ours = listPriority('@SYSTEM', { release: '3.7.9', config })
      expect(ours, `${times} times`).toEqual(askGnutls(text))
    }
  })
})

test('names each override with its class, and where it is written', () => {
  const source = { name: 'gnutls.config', text: allowlist('enabled-version = TLS1.2', 1) }
  const { text, segments } = systemString(systemRules(parseSystemConfig(source), 'newest'))
  expect(text).toBe(
    'NONE:+ECDHE-RSA:+GROUP-X25519:+AES-256-GCM:+AEAD:+SIGN-RSA-SHA256:+VERS-TLS1.2',
  )
  const parts = segments.map(({ start, end, span, verbatim }) => [
    text.slice(start, end),
    source.text.slice(span.start, span.end),
    verbatim,
  ])
  expect(parts).toEqual([
    ['NONE', 'allowlist', false],
    ['+ECDHE-RSA', 'ECDHE-RSA', false],
    ['+GROUP-X25519', 'X25519', false],
    ['+AES-256-GCM', 'AES-256-GCM', false],
    ['+AEAD', 'AEAD', false],
    ['+SIGN-RSA-SHA256', 'RSA-SHA256', false],
    ['+VERS-TLS1.2', 'TLS1.2', false],
  ])
})

describe('a class that is named more than 127 times is left as it is built', () => {
  const rulesOf = (line: string, times: number) => {
    const text = allowlist(line, times)
    return algorithmRules(systemRules(parseSystemConfig({ name: 'gnutls.config', text }), 'newest'))
  }

  test.each([
    ['secure-hash = SHA256', 'hashes', 'SHA384', 'MD5'],
    ['secure-sig-for-cert = RSA-SHA256', 'certificateSignatures', 'ECDSA-SHA256', undefined],
    ['enabled-curve = X25519', 'curves', 'SECP256R1', undefined],
    ['enabled-version = TLS1.2', 'protocols', undefined, 'SSL3.0'],
    ['secure-sig = RSA-SHA256', 'signatures', undefined, 'RSA-MD5'],
  ] as const)('%s', (line, list, marked, builtIn) => {
    const [most, more] = [rulesOf(line, 127)[list], rulesOf(line, 128)[list]]
    if (marked) {
      expect(most.get(marked)).toBe('not on the allowlist')
      expect(more.get(marked)).toBeUndefined()
    }
    if (builtIn) expect(more.get(builtIn)).toBe('built in')
    expect(most.get(builtIn ?? '')).not.toBe('built in')
  })
})

test('leaves out versions alone where they are named more than 127 times', () => {
  const textOf = (line: string, times: number) => {
    const source = { name: 'gnutls.config', text: allowlist(line, times) }
    return systemString(systemRules(parseSystemConfig(source), 'newest')).text
  }
  const rest = 'NONE:+ECDHE-RSA:+GROUP-X25519:+AES-256-GCM:+AEAD'
  expect(textOf('enabled-version = TLS1.2', 128)).toBe(`${rest}:+SIGN-RSA-SHA256`)
  expect(textOf('secure-sig-for-cert = RSA-SHA256', 128)).toBe(`${rest}:+VERS-TLS1.2`)
  expect(textOf('secure-sig = RSA-SHA256', 128)).toBe(`${rest}:+VERS-TLS1.2`)
})
