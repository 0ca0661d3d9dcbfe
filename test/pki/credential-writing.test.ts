import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { createAuthority } from '../../src/pki/authority.ts'
import { renewAuthority } from '../../src/pki/authority-renewal.ts'
import { renewIdentity } from '../../src/pki/certificate-issuance.ts'
import {
  isWritableByOthers,
  withCredentialLock,
  writeCredentials,
} from '../../src/pki/credential-writing.ts'
import { layoutAt, listPairs } from '../../src/pki/layout.ts'
import { exportPkcs12 } from '../../src/pki/pkcs12-export.ts'
import { importPkcs12 } from '../../src/pki/pkcs12-import.ts'
import { replacePsk } from '../../src/pki/psk-file.ts'
import { createSigningRequest, signRequest } from '../../src/pki/request-signing.ts'
import { revokeCertificates } from '../../src/pki/revocation.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { spawn } from '../peers/child-process.ts'
import { issue, makeAuthority, strengthOf } from './credentials.ts'

function codeOf(work: () => unknown): string | undefined {
  try {
    work()
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics[0]?.code
    throw error
  }
  return undefined
}

function pairIn(folder: string) {
  return [
    { path: join(folder, 'key.pem'), text: 'new key', secret: true },
    { path: join(folder, 'cert.pem'), text: 'new certificate', secret: false },
  ]
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o7777
}

test('only the owner can read a key, every user a certificate, whatever was there before', () => {
  const folder = scratchFolder()
  writeFiles(folder, { 'key.pem': 'old', 'cert.pem': 'old' })
  chmodSync(join(folder, 'key.pem'), 0o666)
  chmodSync(join(folder, 'cert.pem'), 0o600)
  writeCredentials(pairIn(folder), { root: folder, force: true })
  expect(modeOf(join(folder, 'key.pem'))).toBe(0o640)
  expect(modeOf(join(folder, 'cert.pem'))).toBe(0o644)
  const fresh = join(scratchFolder(), 'a', 'b')
  writeCredentials(pairIn(fresh), { root: fresh, force: false })
  expect(modeOf(join(fresh, 'key.pem'))).toBe(0o600)
})

test.skipIf(process.getuid?.() !== 0)(
  'a key that is replaced keeps its owner and group [root]',
  () => {
    const folder = scratchFolder()
    writeFiles(folder, { 'key.pem': 'old' })
    chownSync(join(folder, 'key.pem'), 1234, 4321)
    chmodSync(join(folder, 'key.pem'), 0o640)
    writeCredentials(pairIn(folder).slice(0, 1), { root: folder, force: true })
    const { uid, gid } = statSync(join(folder, 'key.pem'))
    expect([uid, gid, modeOf(join(folder, 'key.pem'))]).toEqual([1234, 4321, 0o640])
  },
)

test('nothing is written where one file is there already', () => {
  const folder = scratchFolder()
  writeFiles(folder, { 'cert.pem': 'old' })
  expect(codeOf(() => writeCredentials(pairIn(folder), { root: folder, force: false }))).toBe(
    'PKI_FILE_EXISTS',
  )
  expect(readdirSync(folder)).toEqual(['cert.pem'])
})

describe('what is in the way', () => {
  test('is not followed or replaced: a symbolic link', () => {
    const [folder, other] = [scratchFolder(), scratchFolder()]
    writeFiles(other, { secret: 'keep' })
    symlinkSync(join(other, 'secret'), join(folder, 'key.pem'))
    const write = () => writeCredentials(pairIn(folder), { root: folder, force: true })
    expect(codeOf(write)).toBe('PKI_FILE_IN_THE_WAY')
    expect(readFileSync(join(other, 'secret'), 'utf8')).toBe('keep')
    expect(lstatSync(join(folder, 'key.pem')).isSymbolicLink()).toBe(true)
  })

  test('is told: a dangling link, a folder, a file in place of the folder', () => {
    const folder = scratchFolder()
    symlinkSync('/nonexistent', join(folder, 'key.pem'))
    expect(codeOf(() => writeCredentials(pairIn(folder), { root: folder, force: false }))).toBe(
      'PKI_FILE_IN_THE_WAY',
    )
    const other = scratchFolder()
    mkdirSync(join(other, 'cert.pem'))
    expect(codeOf(() => writeCredentials(pairIn(other), { root: other, force: true }))).toBe(
      'PKI_FILE_IN_THE_WAY',
    )
    writeFileSync(join(other, 'file'), '')
    expect(
      codeOf(() =>
        writeCredentials(pairIn(join(other, 'file')), { root: join(other, 'file'), force: true }),
      ),
    ).toBe('FILE_UNWRITABLE')
    expect(readdirSync(other).toSorted()).toEqual(['cert.pem', 'file'])
  })

  test('is a link to a folder no obstacle', () => {
    const [folder, other] = [scratchFolder(), scratchFolder()]
    symlinkSync(other, join(folder, 'pki'))
    writeCredentials(pairIn(join(folder, 'pki')), { root: join(folder, 'pki'), force: false })
    expect(readdirSync(other).toSorted()).toEqual(['cert.pem', 'key.pem'])
  })
})

test('what a killed run left is removed, what a running one writes is not', () => {
  const folder = scratchFolder()
  const gone = 'key.pem.4194305-1.cryptopolicy-tmp'
  const running = `key.pem.${process.ppid}-1.cryptopolicy-tmp`
  writeFiles(folder, { [gone]: 'secret', [running]: 'secret', 'other.tmp': '' })
  writeCredentials(pairIn(folder), { root: folder, force: true })
  expect(existsSync(join(folder, gone))).toBe(false)
  expect(readdirSync(folder).toSorted()).toEqual(['cert.pem', 'key.pem', running, 'other.tmp'])
})

test.skipIf(process.getuid?.() !== 0)(
  'neither is what a process of another user writes, which cannot be asked [root]',
  () => {
    const folder = scratchFolder()
    chmodSync(folder, 0o777)
    const [own, other] = [65_534, 1234]
    const child = spawn('sleep', ['1000'], { uid: other })
    const running = `key.pem.${child.pid}-1.cryptopolicy-tmp`
    writeFiles(folder, { [running]: 'secret' })
    process.seteuid?.(own)
    try {
      expect(() => process.kill(child.pid as number, 0)).toThrow(/EPERM/)
      writeCredentials(pairIn(folder), { root: folder, force: true })
    } finally {
      process.seteuid?.(0)
    }
    expect(readdirSync(folder).toSorted()).toEqual(['cert.pem', 'key.pem', running])
  },
)

test('a folder that every user may write to is noticed, unless it is sticky', () => {
  const folder = scratchFolder()
  chmodSync(folder, 0o777)
  expect(isWritableByOthers(folder)).toBe(true)
  chmodSync(folder, 0o1777)
  expect(isWritableByOthers(folder)).toBe(false)
  expect(isWritableByOthers(join(folder, 'none'))).toBe(false)
})

test('a file that is made after the look is not replaced', () => {
  const folder = scratchFolder()
  const files = pairIn(folder)
  const sneaky = {
    ...files[1],
    path: join(folder, 'cert.pem'),
    secret: false,
    // Read when the file is staged: between the look at the folder and the commit.
    get text() {
      writeFileSync(join(folder, 'cert.pem'), 'of another program')
      return 'new'
    },
  }
  const write = () =>
    writeCredentials([...files.slice(0, 1), sneaky], { root: folder, force: false })
  expect(codeOf(write)).toBe('PKI_FILE_EXISTS')
  expect(readdirSync(folder)).toEqual(['cert.pem'])
  expect(readFileSync(join(folder, 'cert.pem'), 'utf8')).toBe('of another program')
})

test('whatever is made, only its owner reads a secret, and every user the rest', () => {
  const folder = makeAuthority('ed25519')
  const layout = layoutAt('qemu', folder)
  const below = layoutAt('qemu', join(folder, 'below'))
  const strength = strengthOf()
  const key = { type: 'ed25519' } as const
  issue(folder, 'server', 'ed25519')
  const asked = createSigningRequest({
    role: 'client',
    layout,
    strength,
    key,
    commonName: 'laptop',
    hosts: [],
  })
  const names = { commonName: 'laptop', hosts: [] }
  const to = { layout, out: layout, strength }
  signRequest({ role: 'client', path: asked.requestFile, ...names, ...to })
  revokeCertificates({ layout, strength, certificates: [] })
  replacePsk({ folder, user: 'alice' })
  const [pair, authorityFile] = [layout.pair('server'), layout.authority.certificate]
  const p12 = { path: join(folder, 'server.p12'), passphrase: 'x' }
  exportPkcs12({ pair, authorityFile, ...p12 })
  importPkcs12({ role: 'server', layout: below, strength, ...p12 })
  renewAuthority({ layout, strength, newKey: true, key })
  const [server] = listPairs(layout)
  if (server) renewIdentity({ layout, strength, pair: server, newKey: true, key })
  createAuthority({ layout: below, strength, subject: {}, key, force: true })
  const modes = new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name !== 'below')
      .map((name) => [name, modeOf(join(folder, name)).toString(8)]),
  )
  const secrets = [
    ...['ca-key.pem', 'ca-key-former.pem', 'server-key.pem', 'client-key.pem', 'server.p12'],
    ...['keys.psk', 'keys.psk.lock', 'below/server-key.pem', 'below/ca-key.pem'],
  ]
  const others = [
    ...['ca-cert.pem', 'server-cert.pem', 'client-cert.pem', 'client-request.pem', 'ca-crl.pem'],
    ...['below/server-cert.pem', 'below/ca-cert.pem'],
  ]
  expect(Object.fromEntries(modes)).toEqual(
    Object.fromEntries([
      ...secrets.map((name) => [name, '600']),
      ...others.map((name) => [name, '644']),
    ]),
  )
  expect(modeOf(join(folder, 'below'))).toBe(0o755)
})

test('folders that were made for work that fails are gone after it, and no others', () => {
  const folder = scratchFolder()
  const root = join(folder, 'a', 'b')
  const fail = (): never => {
    throw new Error('no')
  }
  expect(() => withCredentialLock(root, fail)).toThrow('no')
  expect(readdirSync(folder)).toEqual([])
  mkdirSync(join(folder, 'a'))
  expect(() => withCredentialLock(root, fail)).toThrow('no')
  expect(readdirSync(folder)).toEqual(['a'])
  expect(readdirSync(join(folder, 'a'))).toEqual([])
  withCredentialLock(root, () => {})
  expect(readdirSync(root)).toEqual([])
  // Each file may have a folder of its own.
  const files = [
    { path: join(folder, 'c', 'key.pem'), text: 'new', secret: true },
    { path: join(root, 'x', 'cert.pem'), text: 'new', secret: false },
  ]
  writeFileSync(join(root, 'x'), '')
  expect(codeOf(() => writeCredentials(files, { root: folder, force: false }))).toBe(
    'FILE_UNWRITABLE',
  )
  expect(readdirSync(folder)).toEqual(['a'])
})

test('where a file cannot be put in place, those before it are as they were', () => {
  const folder = scratchFolder()
  writeFiles(folder, { 'key.pem': 'old key' })
  chmodSync(join(folder, 'key.pem'), 0o640)
  const [key, certificate] = pairIn(folder)
  const blocking = {
    ...certificate,
    path: join(folder, 'cert.pem'),
    secret: false,
    // A folder that is made after the look stands where the file is to go.
    get text() {
      mkdirSync(join(folder, 'cert.pem'), { recursive: true })
      return 'new'
    },
  }
  const write = () => writeCredentials(key ? [key, blocking] : [], { root: folder, force: true })
  expect(codeOf(write)).toBe('PKI_FILE_EXISTS')
  expect(readFileSync(join(folder, 'key.pem'), 'utf8')).toBe('old key')
  expect(modeOf(join(folder, 'key.pem'))).toBe(0o640)
  expect(readdirSync(folder).toSorted()).toEqual(['cert.pem', 'key.pem'])
})

test.skipIf(process.getuid?.() !== 0)(
  'the file of another user is replaced only where that user could not have made it [root]',
  () => {
    const codeIn = (mode: number, owner: number, change: (path: string) => void = () => {}) => {
      const folder = scratchFolder()
      writeFiles(folder, { 'key.pem': 'old' })
      chownSync(join(folder, 'key.pem'), owner, 0)
      change(join(folder, 'key.pem'))
      chmodSync(folder, mode)
      const write = () =>
        writeCredentials(pairIn(folder).slice(0, 1), { root: folder, force: true })
      return codeOf(write)
    }
    expect(codeIn(0o755, 4321)).toBeUndefined()
    expect(codeIn(0o775, 4321)).toBe('PKI_FILE_FOREIGN')
    expect(codeIn(0o757, 4321)).toBe('PKI_FILE_FOREIGN')
    expect(codeIn(0o777, 0)).toBeUndefined()
    const link = (path: string) => linkSync(path, `${path}.second`)
    expect(codeIn(0o777, 0, link)).toBe('PKI_FILE_FOREIGN')
    expect(codeIn(0o755, 0, link)).toBeUndefined()
    const ofFolder = (path: string) => chownSync(join(path, '..'), 4321, 0)
    expect(codeIn(0o777, 4321, ofFolder)).toBeUndefined()
  },
)
