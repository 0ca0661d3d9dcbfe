import { describe, expect, it } from 'vitest'
import { formatLocation, spanText } from '../../src/diagnostics/source.ts'
import {
  isResolved,
  originOf,
  type Resolution,
  resolvePriority,
} from '../../src/priority/resolve.ts'
import { parseSystemConfig } from '../../src/priority/system-config.ts'

const BARE = 'SYSTEM=NORMAL\nLIBVIRT=PFS:-RSA\n'
const ALLOWLIST = `[global]
override-mode = allowlist
[overrides]
enabled-version = TLS1.2
tls-enabled-cipher = AES-256-GCM
tls-enabled-kx = ECDHE-RSA
tls-enabled-group = GROUP-X25519
tls-enabled-mac = AEAD
secure-sig = RSA-SHA256
[priorities]
SYSTEM=NONE
`

function resolve(priority: string | undefined, config = BARE): Resolution | undefined {
  const given = priority === undefined ? undefined : { name: 'command line', text: priority }
  const parsed = parseSystemConfig({ name: 'gnutls.config', text: config })
  const result = resolvePriority(given, parsed)
  return isResolved(result) ? result : undefined
}

describe('keywords', () => {
  it('takes the first that the file has', () => {
    expect(resolve('@QEMU,LIBVIRT,SYSTEM')).toMatchObject({
      text: 'PFS:-RSA',
      key: 'LIBVIRT',
      tried: ['QEMU', 'LIBVIRT'],
      origin: 'priorities',
    })
  })

  it('appends what follows the colon', () => {
    expect(resolve('@LIBVIRT:+PSK:%COMPAT')?.text).toBe('PFS:-RSA:+PSK:%COMPAT')
  })

  it.each(['@libvirt', '@ SYSTEM', '@', '@NONE'])('finds nothing for %j', (priority) => {
    expect(resolve(priority)).toBeUndefined()
  })

  it('does not look inside what it found', () => {
    expect(resolve('@A', 'A=@SYSTEM\nSYSTEM=NORMAL\n')?.text).toBe('@SYSTEM')
  })

  it('loses the last keyword to a comma after the colon, as GnuTLS does', () => {
    expect(resolve('@SYSTEM:,+RSA')).toBeUndefined()
    expect(resolve('@LIBVIRT,SYSTEM:,+RSA')?.text).toBe('PFS:-RSA:,+RSA')
  })

  it('skips white space before the string only', () => {
    expect(resolve(' \t@SYSTEM')?.text).toBe('NORMAL')
    expect(resolve('\n NORMAL')?.text).toBe('NORMAL')
  })
})

describe('an allowlist', () => {
  it('answers SYSTEM from its overrides and not from [priorities]', () => {
    expect(resolve('@SYSTEM:+PSK', ALLOWLIST)).toMatchObject({
      origin: 'overrides',
      text: 'NONE:+ECDHE-RSA:+GROUP-X25519:+AES-256-GCM:+AEAD:+SIGN-RSA-SHA256:+VERS-TLS1.2:+PSK',
    })
  })

  it('leads every word back to its override', () => {
    const resolution = resolve('@SYSTEM:+PSK', ALLOWLIST) as Resolution
    const at = resolution.text.indexOf('+AES')
    expect(formatLocation(originOf(resolution, at, at + 12))).toBe('gnutls.config:5:22')
    expect(spanText(originOf(resolution, resolution.text.length - 4, resolution.text.length))).toBe(
      '+PSK',
    )
  })
})

describe('no string at all', () => {
  it('is the default of the library, of the file, or SYSTEM of an allowlist', () => {
    expect(resolve(undefined)?.text).toBe('NORMAL')
    expect(resolve(undefined, '[overrides]\ndefault-priority-string = PFS\n')).toMatchObject({
      text: 'PFS',
      origin: 'default-priority-string',
    })
    const keyword = '[overrides]\ndefault-priority-string = @A:+PSK # why\n[priorities]\nA = PFS\n'
    expect(resolve(undefined, keyword)?.text).toBe('PFS:+PSK')
    expect(resolve(undefined, ALLOWLIST)?.origin).toBe('overrides')
  })
})

describe('origins', () => {
  it('tells the file from the command line', () => {
    const resolution = resolve('@LIBVIRT:+PSK') as Resolution
    expect(formatLocation(originOf(resolution, 4, 8))).toBe('gnutls.config:2:13')
    expect(formatLocation(originOf(resolution, 9, 13))).toBe('command line:1:10')
  })
})

it('tells no keywords where none are tried', () => {
  expect(resolve(undefined)).toMatchObject({ tried: [], origin: 'library default' })
  expect(resolve('NORMAL')).toMatchObject({ tried: [], origin: 'given' })
  const text = '[overrides]\ndefault-priority-string = PFS\n'
  expect(resolve(undefined, text)).toMatchObject({ tried: [], origin: 'default-priority-string' })
  expect(resolve('@SYSTEM')).toMatchObject({ tried: ['SYSTEM'], key: 'SYSTEM' })
})
