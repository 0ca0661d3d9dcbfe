import { chmodSync, chownSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { parsePskBits, replacePsk } from '../../src/pki/psk-file.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'

function refusalOf(work: () => unknown): readonly string[] {
  try {
    work()
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return error.diagnostics.map(({ code, message }) => `${code} ${message}`)
  }
  return []
}

const read = (folder: string) => readFileSync(join(folder, 'keys.psk'), 'utf8')

test('adds a user with a key of 256 bits, for its owner only', () => {
  const folder = join(scratchFolder(), 'new')
  expect(replacePsk({ folder, user: 'qemu' })).toMatchObject({ bits: 256, isReplaced: false })
  expect(read(folder)).toMatch(/^qemu:[0-9a-f]{64}\n$/)
  expect(statSync(join(folder, 'keys.psk')).mode & 0o777).toBe(0o600)
})

test('replaces a key of the user and nothing else', () => {
  const folder = scratchFolder()
  const others = '# keys\nalice:00ff\nqemu2:aa\n\n'
  writeFiles(folder, { 'keys.psk': `${others}qemu:11\nbob:22` })
  chmodSync(join(folder, 'keys.psk'), 0o644)
  expect(replacePsk({ folder, user: 'qemu', bits: 128 }).isReplaced).toBe(true)
  expect(read(folder)).toMatch(/^# keys\nalice:00ff\nqemu2:aa\n\nbob:22\nqemu:[0-9a-f]{32}\n$/)
  expect(statSync(join(folder, 'keys.psk')).mode & 0o007).toBe(0)
})

testWith('psktool', 'leaves a file that psktool goes on with', () => {
  const folder = scratchFolder()
  replacePsk({ folder, user: 'one' })
  const path = join(folder, 'keys.psk')
  expect(runFile('psktool', ['-u', 'two', '-p', path]).status).toBe(0)
  replacePsk({ folder, user: 'three' })
  expect(read(folder)).toMatch(/^(one|two|three):[0-9a-f]{64}\n(\w+:[0-9a-f]{64}\n){2}$/)
})

test.each(['x'.repeat(128), 'ä'.repeat(64)])('takes a user of 128 bytes', (user) => {
  const folder = scratchFolder()
  expect(replacePsk({ folder, user })).toMatchObject({ isReplaced: false })
  expect(read(folder).startsWith(`${user}:`)).toBe(true)
})

describe('refuses', () => {
  test.each(['', 'a:b', 'a\nb', 'a b', '#a', '\u0000', 'x'.repeat(129), 'ä'.repeat(65)])(
    'the user %j',
    (user) => {
      const folder = scratchFolder()
      expect(refusalOf(() => replacePsk({ folder, user }))[0]).toContain('PKI_PSK_USER_INVALID')
    },
  )

  test('to add to a file that is something else, without showing it', () => {
    const folder = scratchFolder()
    writeFiles(folder, { 'keys.psk': 'a:00\nsecret words\n' })
    const [refusal] = refusalOf(() => replacePsk({ folder, user: 'b' }))
    expect(refusal).toBe(
      `PKI_PSK_MALFORMED line 2 of ${join(folder, 'keys.psk')} is not user:hexkey`,
    )
    expect(read(folder)).toBe('a:00\nsecret words\n')
  })

  test.each(['0', '64', '127', '1024', '256.0', '-256', ''])('a key of %s bits', (bits) => {
    expect(refusalOf(() => parsePskBits(bits))[0]).toContain('PKI_PSK_BITS_INVALID')
  })
})

const isRoot = process.geteuid?.() === 0

describe.skipIf(!isRoot)('a file that another user made beforehand [root]', () => {
  const prepare = (mode: number) => {
    const folder = scratchFolder()
    chmodSync(folder, mode)
    writeFiles(folder, { 'keys.psk': '' })
    chownSync(join(folder, 'keys.psk'), 65_534, 65_534)
    return folder
  }

  test.each([0o1777, 0o777, 0o2775])('does not get the key in a folder of mode %o', (mode) => {
    const folder = prepare(mode)
    const [refusal] = refusalOf(() => replacePsk({ folder, user: 'qemu' }))
    expect(refusal).toContain('PKI_FILE_FOREIGN')
    expect(read(folder)).toBe('')
  })

  test('keeps its owner in a folder that only the owner may write to', () => {
    const folder = prepare(0o755)
    replacePsk({ folder, user: 'qemu' })
    expect(statSync(join(folder, 'keys.psk')).uid).toBe(65_534)
  })
})
