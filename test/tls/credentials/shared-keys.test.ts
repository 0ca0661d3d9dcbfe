/** keys.psk: one parser for the server, the client, `pki psk` and `pki check`. */
import { chmodSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import { SharedKeyExchange } from '../../../src/tls/credentials/shared-key-exchange.ts'
import { problemWithUsername } from '../../../src/tls/credentials/shared-key-lines.ts'
import {
  checkSharedKeys,
  checkSharedKeysMode,
  findSharedKey,
  SharedKeyFile,
} from '../../../src/tls/credentials/shared-keys.ts'
import { handshakeError } from '../../../src/tls/handshake-error.ts'
import { runFile, scratchFolder, writeFiles } from '../../cli/command.ts'
import { testWith } from '../../peers/peer.ts'
import { meet, objectsOf, verdictOf } from '../objects/meeting.ts'

const KEY = 'a5'.repeat(32)
const OTHER = '5a'.repeat(32)

function find(text: string | Buffer, username: string): string | undefined {
  return findSharedKey('keys.psk', Buffer.from(text), username)?.toString('hex')
}

function codesOf(work: () => unknown): readonly string[] {
  try {
    work()
    return []
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return error.diagnostics.map(({ code }) => code)
  }
}

describe('a line that is commented out lets no user in', () => {
  const LINES = ['#alice', '# alice', ' #alice', '\ufeff#alice', '#616c696365', ';alice', '//alice']

  test.each(LINES)('%j', (name) => {
    for (const claimed of [name, name.trim(), 'alice', '', '#', '616c696365']) {
      expect(find(`${name}:${KEY}\nbob:${OTHER}\n`, claimed)).toBeUndefined()
    }
    expect(find(`${name}:${KEY}\nbob:${OTHER}\n`, 'bob')).toBe(OTHER)
  })

  test('not even over TLS, under the name that the line begins with', async () => {
    const [server, client] = [scratchFolder(), scratchFolder()]
    writeFiles(server, { 'keys.psk': `#alice:${KEY}\n` })
    writeFiles(client, { 'keys.psk': `alice:${KEY}\n` })
    const objects = objectsOf(
      `tls-creds-psk,id=s,endpoint=server,dir=${server}`,
      `tls-creds-psk,id=c,dir=${client},username=alice`,
    )
    const met = await meet(objects.credentials('s', 'server'), objects.credentials('c', 'client'))
    expect(verdictOf(met.server)).toBe('TLS_UNKNOWN_USER')
  })
})

test('a line is USER:KEY, whatever ends it, and a bad one spoils no other', () => {
  const bytes = Buffer.concat([Buffer.from([0x66, 0xff, 0x3a, 0x61, 0x61, 0x0a])])
  expect(find(Buffer.concat([bytes, Buffer.from(`jürgen:${KEY}\r\n`)]), 'jürgen')).toBe(KEY)
  expect(find(`\ufeffalice:${KEY}`, 'alice')).toBe(KEY)
  expect(find(`alice:${KEY}\nalice:${OTHER}\n`, 'alice')).toBe(KEY)
  expect(find(`a:${KEY}\nb:${OTHER}\n`, `a:${KEY}\nb`)).toBeUndefined()
})

test('a key that can be guessed is not used', () => {
  for (const length of [1, 8, 15]) {
    expect(codesOf(() => find(`alice:${'a5'.repeat(length)}`, 'alice'))).toEqual([
      'OBJECT_SHORT_SHARED_KEY',
    ])
  }
  expect(find(`alice:${'a5'.repeat(16)}`, 'alice')).toBe('a5'.repeat(16))
  expect(checkSharedKeys('keys.psk', Buffer.from(`alice:${'a5'.repeat(16)}\n`))).toEqual([])
  expect(codesOf(() => find(`alice:${KEY}0`, 'alice'))).toEqual(['OBJECT_INVALID_SHARED_KEY'])
})

test('a key is as long as OpenSSL takes it, 512 bytes, and no longer', () => {
  expect(find(`alice:${'a5'.repeat(512)}`, 'alice')).toBe('a5'.repeat(512))
  expect(codesOf(() => find(`alice:${'a5'.repeat(513)}`, 'alice'))).toEqual([
    'OBJECT_INVALID_SHARED_KEY',
  ])
})

test('what is wrong with a file is told without its keys', () => {
  const text = `# all\nalice:a5\nbob:${KEY}\nbob:${OTHER}\n${KEY}\ncarol:${KEY}x\n`
  const found = checkSharedKeys('keys.psk', Buffer.from(text))
  expect(found.map(({ code }) => code)).toEqual([
    'OBJECT_SHORT_SHARED_KEY',
    'OBJECT_REPEATED_USER',
    'OBJECT_STRAY_SHARED_KEY_LINE',
    'OBJECT_STRAY_SHARED_KEY_LINE',
  ])
  expect(JSON.stringify(found)).not.toContain(KEY)
  const places = found.map(({ message }) =>
    /line (\d+)|keys\.psk:(\d+)/.exec(message)?.slice(1).join(''),
  )
  expect(places).toEqual(['2', '4', '5', '6'])
  expect(checkSharedKeys('keys.psk', Buffer.from(`:${KEY}\n:${KEY}`))).toHaveLength(2)
})

test.each([
  ['', 'it is empty'],
  ['#eve', 'it begins with #'],
  [';eve', 'it begins with ;'],
  ['//eve', 'it begins with //'],
  ['--eve', 'it begins with --'],
  ['a:b', 'it has a colon'],
  [' eve', 'white space'],
  ['eve ', 'white space'],
  ['e\tve', 'control characters'],
  ['e\u0000ve', 'control characters'],
  ['e\ufffdve', 'control characters'],
  ['e\ud800ve', 'control characters'],
  ['e ve', undefined],
  ['-eve', undefined],
  ['/eve', undefined],
  ['eve#', undefined],
  ['jürgen', undefined],
])('a user %j cannot be in the file: %s', (name, problem) => {
  const said = problemWithUsername(name)
  if (problem === undefined) expect(said).toBeUndefined()
  else expect(said).toContain(problem)
})

test('a server warns of keys that others may read, and of lines that it does not use', () => {
  const dir = scratchFolder()
  writeFiles(dir, { 'keys.psk': `alice:${KEY}\nbob:a5\n` })
  const warnings = () =>
    objectsOf(`tls-creds-psk,id=s,endpoint=server,dir=${dir}`).warnings.map(({ code }) => code)
  chmodSync(join(dir, 'keys.psk'), 0o644)
  expect(warnings()).toEqual(['OBJECT_SHARED_KEYS_EXPOSED', 'OBJECT_SHORT_SHARED_KEY'])
  chmodSync(join(dir, 'keys.psk'), 0o640)
  expect(warnings()).toEqual(['OBJECT_SHORT_SHARED_KEY'])
  expect(statSync(join(dir, 'keys.psk')).mode & 0o777).toBe(0o640)
})

test.each([0o004, 0o002, 0o020, 0o777])('a file of the mode %o is told of', (bits) => {
  const path = join(scratchFolder(), 'keys.psk')
  writeFiles(path.replace('/keys.psk', ''), { 'keys.psk': '' })
  chmodSync(path, 0o600 | bits)
  expect(checkSharedKeysMode(path).map(({ message }) => message)).toEqual([
    expect.stringContaining(`0${(0o600 | bits).toString(8)}`),
  ])
  // The group may read it: a server is not root. Who may run it does no harm.
  chmodSync(path, 0o751)
  expect(checkSharedKeysMode(path)).toEqual([])
  expect(checkSharedKeysMode(`${path}.none`)).toEqual([])
})

testWith('psktool', 'a file of psktool is read as it is', () => {
  const path = join(scratchFolder(), 'keys.psk')
  for (const user of ['qemu', 'a b']) {
    expect(runFile('psktool', ['-u', user, '-p', path]).status).toBe(0)
  }
  const dir = path.replace('/keys.psk', '')
  for (const user of ['qemu', 'a b']) {
    expect(codesOf(() => objectsOf(`tls-creds-psk,id=c,dir=${dir},username=${user}`))).toEqual([])
  }
})

testWith('psktool', 'the longest key of psktool is a key of both sides', async () => {
  const dir = scratchFolder()
  const args = ['-u', 'qemu', '-s', '512', '-p', join(dir, 'keys.psk')]
  expect(runFile('psktool', args).status).toBe(0)
  const objects = objectsOf(
    `tls-creds-psk,id=s,endpoint=server,dir=${dir}`,
    `tls-creds-psk,id=c,dir=${dir}`,
  )
  const met = await meet(objects.credentials('s', 'server'), objects.credentials('c', 'client'))
  expect([verdictOf(met.server), verdictOf(met.client)]).toEqual(['pass', 'pass'])
})

describe('one handshake', () => {
  const exchange = (text: string) => {
    const path = join(scratchFolder(), 'keys.psk')
    writeFiles(path.replace('/keys.psk', ''), { 'keys.psk': text })
    return new SharedKeyExchange(new SharedKeyFile(path))
  }
  const socket = (certificate?: object) =>
    ({ getPeerX509Certificate: () => certificate }) as unknown as TLSSocket
  const NO_KEY = ['TLS_NO_SHARED_KEY']

  test('is of the user whose key was used, and of no other', () => {
    const known = exchange(`alice:${KEY}\n`)
    expect(codesOf(() => known.check(socket()))).toEqual(NO_KEY)
    expect(known.findKey('alice')?.toString('hex')).toBe(KEY)
    expect(known.check(socket())).toEqual({ username: 'alice' })
    expect(codesOf(() => known.check(socket({})))).toEqual(NO_KEY)
    expect(known.findKey('bob')).toBeUndefined()
    expect(codesOf(() => known.check(socket()))).toEqual(NO_KEY)
    const none = new SharedKeyExchange(undefined)
    expect(none.findKey('alice')).toBeUndefined()
    expect(codesOf(() => none.check(socket()))).toEqual(NO_KEY)
  })

  const failed = (reason: string) => handshakeError(Object.assign(new Error('x'), { reason }))
  const [mac, unshared] = [
    failed('decryption failed or bad record mac'),
    failed('no shared cipher'),
  ]

  test.each<readonly [string, string | undefined, Error, string]>([
    ['a wrong key', 'alice', mac, 'TLS_WRONG_SHARED_KEY'],
    ['an unknown user', 'bob', mac, 'TLS_UNKNOWN_USER'],
    ['an unknown user without another suite', 'bob', unshared, 'TLS_UNKNOWN_USER'],
    ['nothing in common with a known user', 'alice', unshared, 'TLS_NOTHING_SHARED'],
    ['no user', undefined, mac, 'TLS_HANDSHAKE_FAILED'],
    ['a key that is too short', 'carol', mac, 'OBJECT_SHORT_SHARED_KEY'],
    ['a refusal of the client', 'alice', failed('tlsv1 alert unknown ca'), 'TLS_REFUSED_BY_PEER'],
  ])('that failed by %s is told as that', (_, username, error, code) => {
    const one = exchange(`alice:${KEY}\ncarol:a5\n`)
    if (username !== undefined) one.findKey(username)
    expect(codesOf(() => one.explain(error))).toEqual([code])
  })

  test('that failed by no error of ours ends with it', () => {
    const one = exchange('')
    one.findKey('alice')
    const mistake = new RangeError('a mistake')
    expect(() => one.explain(mistake)).toThrow(mistake)
  })
})
