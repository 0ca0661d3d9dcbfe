import { expect, test } from 'vitest'
import { formatLocation } from '../../src/diagnostics/source.ts'
import { findBuiltInApplication } from '../../src/priority/application.ts'
import { traceApplication } from '../../src/priority/application-chain.ts'
import { endpointDefault } from '../../src/priority/endpoint-default.ts'
import {
  asksForKeywords,
  type ChainLink,
  libraryDefault,
  traceKeywords,
} from '../../src/priority/resolution-chain.ts'
import { isResolved, resolvePriority } from '../../src/priority/resolve.ts'
import { absentConfig, parseSystemConfig } from '../../src/priority/system-config.ts'

const config = parseSystemConfig({
  name: 'gnutls.config',
  text: '[overrides]\ndefault-priority-string = PFS\n[priorities]\nSYSTEM=NORMAL\nX=SECURE128\n',
})

function setting(text: string) {
  return {
    name: 'app.conf priority',
    span: { source: { name: 'app.conf', text }, start: 0, end: text.length },
  }
}

function states(...args: Parameters<typeof traceApplication>): readonly string[] {
  return traceApplication(...args).links.map(({ name, state }) => `${name} ${state}`)
}

test('stops at an explicit string', () => {
  expect(states([setting('NORMAL:-RSA')], '@X,SYSTEM', { config })).toEqual([
    'app.conf priority wins',
    'built in passed over',
    'library default passed over',
  ])
})

test('follows the keywords of what is built in', () => {
  const absent = { name: 'app.conf priority', remark: 'not set' }
  expect(states([absent], '@Y,X,SYSTEM', { config })).toEqual([
    'app.conf priority absent',
    'built in asks',
    'Y absent',
    'X wins',
    'SYSTEM passed over',
    'library default passed over',
  ])
})

test('falls back to the default of the library, which the configuration may set', () => {
  const { links, result } = traceApplication([], undefined, { config })
  expect(links).toMatchObject([{ name: 'library default', state: 'wins', text: 'PFS' }])
  expect(isResolved(result) && result.text).toBe('PFS')
})

test('does not go on to the next place where a keyword is missing', () => {
  const { result } = traceApplication([setting('@NOWHERE')], '@SYSTEM', { config })
  expect(isResolved(result)).toBe(false)
})

/** A link with its place in place of its span. */
function told({ span, ...link }: ChainLink) {
  return { ...link, ...(span ? { at: formatLocation(span) } : {}) }
}

function keywords(text: string, from = config): readonly unknown[] {
  return traceKeywords(resolvePriority({ name: 'x', text }, from), from).map(told)
}

test('tells of every link its string and where it is written', () => {
  const { links } = traceApplication([setting('@X'), setting('PFS')], '@SYSTEM', { config })
  expect(links.map(told)).toEqual([
    { name: 'app.conf priority', state: 'asks', text: '@X', at: 'app.conf:1:1' },
    { name: 'app.conf priority', state: 'passed over', text: 'PFS', at: 'app.conf:1:1' },
    { name: 'built in', state: 'passed over', text: '@SYSTEM' },
    { name: 'X', state: 'wins', text: 'SECURE128', file: 'gnutls.config', at: 'gnutls.config:5:3' },
    {
      name: 'library default',
      state: 'passed over',
      text: 'PFS',
      file: 'gnutls.config',
      remark: 'default-priority-string',
      at: 'gnutls.config:2:27',
    },
  ])
})

test('what is built in wins without keywords, where no setting is there', () => {
  expect(states([{ name: 'app.conf priority' }], 'NORMAL')).toEqual([
    'app.conf priority absent',
    'built in wins',
    'library default passed over',
  ])
})

test('a default of the library may hold keywords itself', () => {
  const text = '[overrides]\ndefault-priority-string = @A,B\n[priorities]\nB=PFS\n'
  const asking = parseSystemConfig({ name: 'gnutls.config', text })
  const { links, result } = traceApplication([], undefined, { config: asking })
  expect(links.map(told)).toEqual([
    { name: 'library default', state: 'asks', text: '@A,B' },
    { name: 'A', state: 'absent', file: 'gnutls.config', remark: 'not in the file' },
    { name: 'B', state: 'wins', text: 'PFS', file: 'gnutls.config', at: 'gnutls.config:4:3' },
  ])
  expect(isResolved(result) && result.text).toBe('PFS')
})

test('without a configuration the library has its own default', () => {
  expect(libraryDefault()).toEqual({ name: 'library default', text: 'NORMAL' })
})

test('a keyword is absent for a reason', () => {
  const file = 'gnutls.config'
  expect(keywords('@Z', absentConfig(file))).toEqual([
    { name: 'Z', state: 'absent', file, remark: 'the file does not exist' },
  ])
  expect(keywords('@Z')).toEqual([{ name: 'Z', state: 'absent', file, remark: 'not in the file' }])
  expect(keywords('@Z,SYSTEM:,+RSA')).toEqual([
    { name: 'Z', state: 'absent', file, remark: 'not in the file' },
    { name: 'SYSTEM', state: 'absent', file, remark: 'a comma after the colon spoils the look-up' },
  ])
})

test('a comma after the colon spoils nothing where an earlier keyword is found', () => {
  expect(keywords('@X,SYSTEM:,+RSA')).toMatchObject([
    { name: 'X', state: 'wins' },
    { name: 'SYSTEM', state: 'passed over', text: 'NORMAL' },
  ])
})

test('the string that an allowlist builds is told with its first override', () => {
  const text = '[global]\noverride-mode = allowlist\n[overrides]\nenabled-version = TLS1.2\n'
  const allowlist = parseSystemConfig({ name: 'gnutls.config', text })
  expect(keywords('@SYSTEM', allowlist)).toEqual([
    {
      name: 'SYSTEM',
      state: 'wins',
      text: 'NONE:+VERS-TLS1.2',
      file: 'gnutls.config',
      remark: 'built from [overrides]',
      at: 'gnutls.config:2:17',
    },
  ])
})

test.each([
  ['@SYSTEM', true],
  [' \t@SYSTEM', true],
  ['NORMAL', false],
  ['NORMAL:@SYSTEM', false],
  ['', false],
])('whether %j asks for keywords: %s', (text, asks) => {
  expect(asksForKeywords(text)).toBe(asks)
  expect(keywords(text).length > 0).toBe(asks)
})

test('the known applications are known by their names, and no others', () => {
  expect(findBuiltInApplication('libvirt')?.builtIn).toEqual([
    'NORMAL',
    '@SYSTEM',
    '@LIBVIRT,SYSTEM',
  ])
  expect(findBuiltInApplication('libvirt')?.settings.map(({ file }) => file)).toEqual([
    'libvirtd.conf',
    'virtproxyd.conf',
  ])
  expect(findBuiltInApplication('qemu')?.builtIn.at(-1)).toBe('@QEMU,SYSTEM')
  expect(
    ['libvirt', 'libvirt-client', 'qemu'].map((name) => findBuiltInApplication(name)?.isPerUser),
  ).toEqual([undefined, true, undefined])
  expect(findBuiltInApplication('toString')).toBeUndefined()
})

test('an endpoint that was given no string asks for its keyword, then for QEMU and SYSTEM', () => {
  expect(endpointDefault({ config })?.text).toBe('@QEMU,SYSTEM')
  expect(endpointDefault({ config, keyword: 'LIBVIRT' })?.text).toBe('@LIBVIRT,QEMU,SYSTEM')
  const other = parseSystemConfig({ name: 'gnutls.config', text: 'LIBVIRT=PFS\n' })
  expect(endpointDefault({ config: other })).toBeUndefined()
  expect(endpointDefault({ config: other, keyword: 'LIBVIRT' })?.text).toBe('@LIBVIRT,QEMU,SYSTEM')
  expect(endpointDefault({})).toBeUndefined()
})
