/** FIPS mode, by what the kernel tells: proc(5) says how it writes mounts. */
import { mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  isFipsEnabled,
  isFipsPolicyMounted,
  unmountFipsPolicy,
} from '../../src/system/fips-mode.ts'
import { scratchFolder } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'

const CONFIG = '/usr/share/crypto-policies/default-fips-config'
const BACKENDS = '/usr/share/crypto-policies/back-ends/FIPS'

/** A line of mountinfo: which folder or file of a file system is mounted where. */
function line(source: string, target: string): string {
  const asWritten = (text: string) =>
    text.replace(/[ \t\n\\]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`)
  return `36 35 98:0 ${asWritten(source)} ${asWritten(target)} rw,noatime master:1 - ext4 /dev/root rw\n`
}

function isMounted(base: string, ...lines: readonly string[]): boolean {
  return isFipsPolicyMounted({ base, profile: '/' }, `${line('/', '/')}${lines.join('')}`)
}

const BASE = '/etc/crypto-policies'
const [overConfig, overBackends] = [
  line(CONFIG, `${BASE}/config`),
  line(BACKENDS, `${BASE}/back-ends`),
]

test('a policy is mounted where both of its files are', () => {
  expect(isMounted(BASE, overConfig, overBackends)).toBe(true)
  expect(isMounted(BASE, overBackends, overConfig)).toBe(true)
  expect(isMounted(BASE)).toBe(false)
  expect(isMounted(BASE, overConfig)).toBe(false)
  expect(isMounted(BASE, overBackends)).toBe(false)
  expect(isFipsPolicyMounted({ base: BASE, profile: '/' }, '')).toBe(false)
})

test('other mounts are none of it', () => {
  expect(isMounted('/other', overConfig, overBackends)).toBe(false)
  const others = line('/srv/back-ends', `${BASE}/back-ends`)
  expect(isMounted(BASE, overConfig, others)).toBe(false)
  const swapped = [line(BACKENDS, `${BASE}/config`), line(CONFIG, `${BASE}/back-ends`)]
  expect(isMounted(BASE, ...swapped)).toBe(false)
})

test('the last mount over a path decides', () => {
  const later = line('/srv/back-ends', `${BASE}/back-ends`)
  expect(isMounted(BASE, overConfig, overBackends, later)).toBe(false)
  expect(isMounted(BASE, overConfig, later, overBackends)).toBe(true)
})

test('a path with spaces, or behind a link, is found', () => {
  const folder = realpathSync(scratchFolder())
  const base = join(folder, 'a b\\c\td')
  mkdirSync(join(base, 'back-ends'), { recursive: true })
  mkdirSync(join(base, 'config'))
  const link = join(folder, 'link')
  symlinkSync(base, link)
  const mounts = [line(CONFIG, join(base, 'config')), line(BACKENDS, join(base, 'back-ends'))]
  expect(isMounted(base, ...mounts)).toBe(true)
  expect(isMounted(link, ...mounts)).toBe(true)
})

test('the kernel is in FIPS mode where its flag is not 0', () => {
  expect(['1\n', '0\n', '', '2\n'].map((flag) => isFipsEnabled(flag))).toEqual([
    ...[true, false, false, true],
  ])
})

test('this host is asked where nothing is given', () => {
  expect(isFipsPolicyMounted({ base: scratchFolder(), profile: '/' })).toBe(false)
})

testWith('umount', 'a policy that cannot be unmounted is told, with the words of umount', () => {
  const base = scratchFolder()
  const told = expect.objectContaining({
    code: 'FIPS_UNMOUNT_FAILED',
    message: expect.stringMatching(`${join(base, 'config')}.*umount: `),
  })
  expect(() => unmountFipsPolicy({ base, profile: '/' })).toThrow(
    expect.objectContaining({ diagnostics: [told] }),
  )
})
