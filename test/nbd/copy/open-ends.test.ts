/** The ends of a copy as they are opened: what is refused before anything is written, and what stays open. */
import { linkSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { NbdRequestError } from '../../../src/nbd/client/client-transmission.ts'
import { parseNbdUri } from '../../../src/nbd/client/nbd-uri.ts'
import type { CopyDestination, CopySource } from '../../../src/nbd/copy/copy-end.ts'
import type { EndName, SourceName } from '../../../src/nbd/copy/end-name.ts'
import { type EndOptions, openEnds } from '../../../src/nbd/copy/open-ends.ts'
import type { Request } from '../../../src/nbd/protocol/requests.ts'
import { MemoryStorage } from '../../../src/nbd/storage/memory-storage.ts'
import { scratchFolder } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'
import { openFilesBelow } from '../../files/open-files.ts'
import { testWith } from '../../peers/peer.ts'
import { startHostileServer } from '../hostile-server.ts'
import { ScriptedStorage } from '../server/scripted-storage.ts'
import { eventually, exportOf, startServer } from '../server/test-server.ts'

const SIZE = 1_048_576

const OPTIONS: EndOptions = { connections: 4, resume: true, isZero: false }

const NULL = { kind: 'null' } as const

function file(path: string) {
  return { kind: 'file', path } as const
}

function nbd(socket: string, name = '') {
  const uri = parseNbdUri(`nbd+unix:///${name}?socket=${socket}`)
  return { kind: 'nbd', uri, options: { timeout: 240_000 } } as const
}

function makeFile(size = SIZE): string {
  const path = join(scratchFolder(), 'disk')
  writeFileSync(path, Buffer.alloc(size, 'data '))
  return path
}

/** Opens both ends, which are closed after the test. */
async function open(from: SourceName, to: EndName, options: Partial<EndOptions> = {}) {
  const ends = await openEnds(from, to, { ...OPTIONS, ...options })
  onTestFinished(async () => {
    await ends.source.close()
    await ends.destination.close()
  })
  return ends
}

/** A server of one disk of memory. */
async function serve(storage: MemoryStorage = new MemoryStorage(SIZE), isReadOnly = false) {
  const { path, server } = await startServer({ exports: [exportOf(storage, { isReadOnly })] })
  return { path, server, storage }
}

describe('the same disk at both ends', () => {
  test('is refused by any of its names', async () => {
    const path = makeFile()
    symlinkSync(path, `${path}.link`)
    linkSync(path, `${path}.other`)
    for (const other of [path, `${path}.link`, `${path}.other`]) {
      const opening = openEnds(file(path), file(other), OPTIONS)
      await expect(opening).rejects.toThrow(refusal('NBD_COPY_SAME_FILE'))
    }
    expect(openFilesBelow(join(path, '..'))).toEqual([])
  })

  test('is refused as an export before any server is asked', async () => {
    const nowhere = join(scratchFolder(), 'nowhere')
    const opening = openEnds(nbd(nowhere, 'a'), nbd(nowhere, 'a'), OPTIONS)
    await expect(opening).rejects.toThrow(refusal('NBD_COPY_SAME_FILE'))
    for (const other of [nbd(nowhere, 'b'), nbd(`${nowhere}2`, 'a'), NULL]) {
      const others = openEnds(nbd(nowhere, 'a'), other, OPTIONS)
      await expect(others).rejects.toThrow(refusal('NET_UNREACHABLE'))
    }
  })

  test('is not what another file is, nor what is not there yet', async () => {
    const [path, other] = [makeFile(), makeFile()]
    await open(file(path), file(other))
    await open(file(path), file(`${path}.new`))
  })
})

describe('an end that cannot be opened leaves the other closed:', () => {
  test('a source that is not there, a folder, a place without a folder', async () => {
    const path = makeFile()
    const folder = join(path, '..')
    for (const [from, to, code] of [
      [`${path}.missing`, `${path}.new`, 'FILE_MISSING'],
      [folder, `${path}.new`, 'NBD_COPY_NOT_A_DISK'],
      [path, join(folder, 'missing', 'new'), 'NBD_COPY_UNWRITABLE'],
      // What stands above it is no folder.
      [path, join(path, 'new'), 'NBD_COPY_UNWRITABLE'],
      [path, scratchFolder(), 'NBD_COPY_NOT_A_DISK'],
      [join(path, 'below'), `${path}.new`, 'FILE_UNREADABLE'],
    ] as const) {
      const opening = openEnds(file(from), file(to), OPTIONS)
      await expect(opening).rejects.toThrow(refusal(code))
      expect(openFilesBelow(folder)).toEqual([])
    }
  })

  test('an export that is too small by a byte, or may only be read', async () => {
    const { path, server } = await serve()
    const readOnly = await serve(undefined, true)
    const small = openEnds(file(makeFile(SIZE + 1)), nbd(path), OPTIONS)
    await expect(small).rejects.toThrow(refusal('NBD_COPY_TOO_SMALL'))
    const unwritable = openEnds(file(makeFile()), nbd(readOnly.path), OPTIONS)
    await expect(unwritable).rejects.toThrow(refusal('NBD_COPY_READ_ONLY'))
    for (const one of [server, readOnly.server]) {
      await eventually(() => one.connectionCount === 0)
    }
  })

  test('a source of a server, where the destination is refused', async () => {
    const { path, server } = await serve()
    const to = file(join(scratchFolder(), 'missing', 'new'))
    const opening = openEnds(nbd(path), to, OPTIONS)
    await expect(opening).rejects.toThrow(refusal('NBD_COPY_UNWRITABLE'))
    await eventually(() => server.connectionCount === 0)
  })

  test('what a user names as the state of the copy, and is none', async () => {
    const [path, { path: socket, server }] = [makeFile(), await serve()]
    const statePath = join(scratchFolder(), 'precious')
    writeFileSync(statePath, 'precious')
    for (const to of [file(`${path}.new`), nbd(socket), { kind: 'standard' } as const]) {
      const opening = openEnds(file(path), to, { ...OPTIONS, statePath })
      await expect(opening).rejects.toThrow(refusal('NBD_COPY_UNWRITABLE'))
      expect(openFilesBelow(join(path, '..'))).toEqual([])
    }
    expect(readFileSync(statePath, 'utf8')).toBe('precious')
    expect(server.connectionCount).toBe(0)
    await open(file(path), NULL, { statePath })
  })

  test('a command that is no server', async () => {
    const path = makeFile()
    const command = { kind: 'command', words: ['false'], options: {} } as const
    const opening = openEnds(file(path), command, OPTIONS)
    await expect(opening).rejects.toThrow(refusal('NBD_COMMAND_ENDED'))
    expect(openFilesBelow(join(path, '..'))).toEqual([])
  })
})

testWith(
  'nbdkit',
  'a command that serves is ended, and its socket gone, with the end',
  async () => {
    const folder = scratchFolder()
    vi.stubEnv('TMPDIR', folder)
    onTestFinished(() => void vi.unstubAllEnvs())
    const command = { kind: 'command', words: ['nbdkit', 'memory', '1M'], options: {} } as const
    const isSocket = (name: string) => name.startsWith('cryptopolicy-nbd-')
    const sockets = () => readdirSync(folder).filter(isSocket)
    for (const end of ['source', 'destination'] as const) {
      const ends = await (end === 'source'
        ? openEnds(command, NULL, OPTIONS)
        : openEnds(file(makeFile()), command, OPTIONS))
      expect(ends[end]).toMatchObject(end === 'source' ? { size: SIZE } : { capacity: SIZE })
      expect(sockets()).toHaveLength(1)
      await ends.source.close()
      await ends.destination.close()
      expect(sockets()).toEqual([])
    }
  },
)

describe('an export as the source', () => {
  test('tells of holes, gives its bytes, and takes more connections when both ends are open', async () => {
    const { path, server, storage } = await serve()
    await storage.write([Buffer.alloc(65_536, 'data ')], 131_072)
    const { source } = (await open(nbd(path), NULL)) as { source: CopySource }
    expect(source).toMatchObject({ size: SIZE, alignment: 1, name: nbd(path).uri.text })
    expect(await source.extents(0, SIZE)).toEqual([
      { length: 131_072, isZero: true },
      { length: 65_536, isZero: false },
      { length: SIZE - 196_608, isZero: true },
    ])
    const bytes = Buffer.alloc(10)
    await source.read(131_072 + 5, bytes)
    expect(`${bytes}`).toBe('data data ')
    await eventually(() => server.connectionCount === 4)
    await eventually(() => source.parallel === 4 * 16)
    await source.close()
    await eventually(() => server.connectionCount === 0)
  })

  test('of a server that tells of no holes is read whole', async () => {
    const { address } = await startHostileServer({ headers: 'simple' })
    const { source } = (await open(nbd('path' in address ? address.path : ''), NULL)) as {
      source: CopySource
    }
    expect(await source.extents(5, 1000)).toEqual([{ length: 1000, isZero: false }])
    expect(source.parallel).toBe(16)
  })

  test('is another where the server or the name is another', async () => {
    const exports = ['a', 'b'].map((name) => exportOf(new MemoryStorage(SIZE), { name }))
    const [one, other] = [await startServer({ exports }), await startServer({ exports })]
    const names = [nbd(one.path, 'a'), nbd(one.path, 'b'), nbd(other.path, 'a'), nbd(one.path, 'a')]
    const sources = await Promise.all(names.map((name) => open(name, NULL, { connections: 1 })))
    const identities = sources.map(({ source }) => 'identity' in source && source.identity)
    expect(new Set(identities).size).toBe(3)
    expect(identities[3]).toBe(identities[0])
  })
})

describe('an export as the destination', () => {
  async function openDestination(storage: MemoryStorage, options: Partial<EndOptions> = {}) {
    const { path, server } = await serve(storage)
    const ends = await open(file(makeFile()), nbd(path), options)
    return { destination: ends.destination as CopyDestination, server, path }
  }

  test('is written, zeroed, read and flushed over all of its connections', async () => {
    const storage = new ScriptedStorage(SIZE)
    const { destination, server } = await openDestination(storage)
    expect(destination).toMatchObject({ capacity: SIZE, isZero: false, statePath: undefined })
    await destination.write(100, Buffer.from('hello'))
    await destination.zero(101, 2)
    const bytes = Buffer.alloc(7)
    await destination.read?.(99, bytes)
    expect(`${bytes}`).toBe('\0h\0\0lo\0')
    await eventually(() => destination.parallel === 4 * 16)
    await destination.flush()
    await destination.finish(SIZE)
    expect(storage.done).toEqual(['write', 'zero', 'read', ...Array(8).fill('flush')])
    await destination.close()
    await eventually(() => server.connectionCount === 0)
  })

  test('is what the user says of it, and another where it has another size', async () => {
    const statePath = join(scratchFolder(), 'state')
    const storage = new MemoryStorage(SIZE)
    const { destination, path } = await openDestination(storage, { isZero: true, statePath })
    expect(destination).toMatchObject({ isZero: true, statePath })
    const [again, larger] = [new MemoryStorage(SIZE), new MemoryStorage(2 * SIZE)]
    const identities = []
    for (const one of [again, larger]) {
      const exports = [exportOf(one, { name: 'x' })]
      const other = await startServer({ exports })
      const ends = await open(file(makeFile()), nbd(other.path, 'x'))
      const { identity } = ends.destination as CopyDestination
      identities.push(identity.replaceAll(other.path, path))
    }
    expect(new Set([destination.identity, ...identities]).size).toBe(3)
  })

  test('that cannot zero what is below it gets the zeroes as data', async () => {
    const storage = new ScriptedStorage(SIZE)
    await storage.write([Buffer.alloc(SIZE, 1)], 0)
    storage.failAt('zero', 'EOPNOTSUPP')
    const { destination } = await openDestination(storage)
    storage.done.length = 0
    await destination.zero(10, 600_000)
    expect(new Set(storage.done)).toEqual(new Set(['write']))
    const bytes = Buffer.alloc(SIZE)
    await storage.read(bytes, 0, SIZE, 0)
    expect(bytes.equals(Buffer.alloc(SIZE, 1).fill(0, 10, 600_010))).toBe(true)
  })

  test('that fails to zero for another reason gets nothing more', async () => {
    const storage = new ScriptedStorage(SIZE)
    storage.failAt('zero', 'EIO')
    const { destination } = await openDestination(storage)
    await expect(destination.zero(0, 100)).rejects.toBeInstanceOf(NbdRequestError)
    expect(storage.done).toEqual([])
  })

  test('that does not say that it can zero is not asked to', async () => {
    const seen: (readonly [number, number, number])[] = []
    const onRequest = ({ command, offset, length, cookieHigh, cookieLow }: Request) => {
      seen.push([command, offset, length])
      const reply = Buffer.alloc(16)
      reply.writeUInt32BE(0x6744_6698, 0)
      reply.writeUInt32BE(cookieHigh, 8)
      reply.writeUInt32BE(cookieLow, 12)
      return reply
    }
    const script = { headers: 'simple', export: { size: SIZE, flags: 1 }, onRequest } as const
    const { address } = await startHostileServer(script)
    const ends = await open(file(makeFile()), nbd('path' in address ? address.path : ''))
    await (ends.destination as CopyDestination).zero(512, 600_000)
    const [WRITE, PIECE] = [1, 262_144]
    expect(seen).toEqual([
      [WRITE, 512, PIECE],
      [WRITE, 512 + PIECE, PIECE],
      [WRITE, 512 + 2 * PIECE, 600_000 - 2 * PIECE],
    ])
  })
})

test('a device of characters is an end in order, of no known size', async () => {
  const { source, destination } = await open(file('/dev/null'), file('/dev/full'))
  expect('chunks' in source && 'append' in destination).toBe(true)
  expect(source.size).toBeUndefined()
})
