/** Our client and the servers of others: in clear, with TLS, and every way not to agree on it. */
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ClientTls } from '../../../src/endpoint/client-tls.ts'
import { NbdClient } from '../../../src/nbd/client/nbd-client.ts'
import type { NbdUri } from '../../../src/nbd/client/nbd-uri.ts'
import { describeExport, listServer } from '../../../src/nbd/client/server-listing.ts'
import { isZero } from '../../../src/transfer/zeroes.ts'
import { scratchFolder } from '../../cli/command.ts'
import { hasPeer, testWith } from '../../peers/peer.ts'
import {
  makePskFolder,
  makeX509Folder,
  pskCredentials,
  x509Credentials,
} from '../nbd-credentials.ts'
import { type RunningServer, startNbdkit, startNbdServer, startQemuNbd } from '../nbd-servers.ts'

const SIZE = 8 << 20

function makeDisk(): string {
  const path = join(scratchFolder(), 'disk.raw')
  writeFileSync(path, '')
  truncateSync(path, SIZE)
  return path
}

const SERVERS: readonly (readonly [string, string, string, () => Promise<RunningServer>])[] = [
  ['qemu-nbd', 'structured', '', () => startQemuNbd(makeDisk())],
  ['nbdkit', 'structured', '', () => startNbdkit(['memory', `${SIZE}`])],
  ['nbdkit', 'simple', '', () => startNbdkit(['--no-sr', 'memory', `${SIZE}`])],
  ['nbdkit', 'structured', '', () => startNbdkit(['--filter=nozero', 'memory', `${SIZE}`])],
  ['nbdkit', 'structured', '', () => startNbdkit(['--filter=noextents', 'memory', `${SIZE}`])],
  [
    'nbdkit',
    'structured',
    '',
    () =>
      startNbdkit([
        ...['--filter=blocksize-policy', 'memory', `${SIZE}`],
        ...['blocksize-minimum=4096', 'blocksize-preferred=65536'],
        ...['blocksize-maximum=131072', 'blocksize-error-policy=error'],
      ]),
  ],
  ['nbd-server', 'simple', 'disk', () => startNbdServer(makeDisk())],
]

test.each(['7E', '9223372036854775807'])(
  'an export of %s bytes is refused in true words, described and listed',
  { skip: !hasPeer('nbdkit') },
  async (size) => {
    const { address } = (await startNbdkit(['null', `size=${size}`])).uri()
    const refusal = { diagnostics: [{ code: 'NBD_EXPORT_TOO_LARGE' }] }
    const exact = size === '7E' ? 7n * 2n ** 60n : BigInt(size)
    await expect(NbdClient.connect(address, '')).rejects.toMatchObject(refusal)
    await expect(NbdClient.connect(address, '')).rejects.toThrow(`has ${exact} bytes`)
    expect(await describeExport(address, '')).toMatchObject({ size: exact })
    const { exports } = await listServer(address, { detail: true })
    expect(exports).toMatchObject([{ name: '', info: { size: exact } }])
  },
)

function connectTo(uri: NbdUri, tls?: ClientTls): Promise<NbdClient> {
  return NbdClient.connect(uri.address, uri.exportName, { ...(tls && { tls }), timeout: 240_000 })
}

describe.each(SERVERS.filter(([program]) => hasPeer(program)))('%s with %s replies', (...row) => {
  const [program, headers, name, start] = row

  test('reads what was written, in pieces and side by side', async () => {
    const client = await connectTo((await start()).uri(name))
    // Newer releases have extended headers as well.
    const later = headers === 'simple' ? headers : 'extended'
    expect([headers, later]).toContain(client.headers)
    expect(client.info.size).toBe(SIZE)
    const data = Buffer.alloc(3 << 20, Buffer.from('nbd is a byte range'))
    await client.write(1 << 20, data, { durable: true })
    expect(data.equals(await client.read(1 << 20, data.length))).toBe(true)
    const offsets = Array.from({ length: 100 }, (_, index) => index * 65_536)
    const parts = await Promise.all(offsets.map((offset) => client.read(offset, 65_536)))
    expect(data.equals(Buffer.concat(parts).subarray(1 << 20, 4 << 20))).toBe(true)
    if (client.can('SEND_WRITE_ZEROES')) {
      await client.zero(1 << 20, 1 << 20)
      expect(isZero(await client.read(1 << 20, 1 << 20))).toBe(true)
    }
    if (client.can('SEND_TRIM')) await client.trim(2 << 20, 65_536)
    await client.flush()
    await client.disconnect()
  })

  test('lists its export and describes it', async () => {
    const { address } = (await start()).uri(name)
    const { exports } = await listServer(address, { detail: true })
    expect(exports.map((found) => found.name)).toEqual([name])
    const described = [exports[0]?.info, await describeExport(address, name)]
    // nbd-server says any size before the export is entered.
    const isVague = program === 'nbd-server'
    if (!isVague) expect(described.map((info) => info?.size)).toEqual([SIZE, SIZE])
  })
})

testWith('nbdkit', 'tells data from holes', async () => {
  const server = await startNbdkit(['data', '@65536 1 @131072', `size=${SIZE}`])
  const client = await connectTo(server.uri())
  const extents = await client.blockStatus(0, SIZE)
  expect(extents.map(({ status }) => status)).toContain(0)
  expect(extents.reduce((sum, { length }) => sum + length, 0)).toBe(SIZE)
  await client.disconnect()
})

testWith('nbdkit', 'an error of the server fails the request and no other', async () => {
  const server = await startNbdkit([
    ...['--filter=error', 'memory', `${SIZE}`],
    ...['error-pwrite=ENOSPC', 'error-pwrite-rate=100%'],
  ])
  const client = await connectTo(server.uri())
  const write = client.write(4096, Buffer.alloc(512))
  await expect(write).rejects.toThrow(/NBD_CMD_WRITE of 512 bytes at 4096: no space is left/)
  expect(await client.read(0, 512)).toEqual(Buffer.alloc(512))
  await client.disconnect()
})

testWith('nbdkit', 'requests that overtake each other', async () => {
  const server = await startNbdkit([
    ...['--filter=delay', 'pattern', `${SIZE}`],
    ...['delay-read=50ms', '--threads=16'],
  ])
  const client = await connectTo(server.uri())
  const parts = await Promise.all([8, 800, 80].map((offset) => client.read(offset * 8, 8)))
  expect(parts.map((part) => Number(part.readBigUInt64BE()))).toEqual([64, 6400, 640])
  await client.disconnect()
})

testWith('nbdkit', 'a server that falls silent is given up', async () => {
  const server = await startNbdkit(['--filter=delay', 'memory', '1M', 'delay-read=600'])
  const { address } = server.uri()
  const client = await NbdClient.connect(address, '', { timeout: 2000 })
  await expect(client.read(0, 512)).rejects.toThrow('did not send anything within 2 seconds')
  await expect(client.read(0, 512)).rejects.toThrow('did not send anything within 2 seconds')
})

testWith('nbdkit', 'a read-only export is not written to', async () => {
  const client = await connectTo((await startNbdkit(['-r', 'memory', '1M'])).uri())
  await expect(client.write(0, Buffer.alloc(512))).rejects.toThrow('has no NBD_CMD_WRITE')
  await client.disconnect()
})

testWith('qemu-nbd', 'an export that is not there', async () => {
  const server = await startQemuNbd(makeDisk(), ['-x', 'disk'])
  await expect(connectTo(server.uri('other'))).rejects.toThrow('has no export `other`')
})

testWith('nbdkit', 'a server of the old style is refused in words', async () => {
  const server = await startNbdkit(['-o', 'memory', '1M'])
  await expect(connectTo(server.uri())).rejects.toThrow('speaks the old style of NBD')
})

describe('TLS', () => {
  const x509Server = (program: string, dir: string): Promise<RunningServer> => {
    if (program === 'nbdkit')
      return startNbdkit([
        '--tls=require',
        `--tls-certificates=${dir}`,
        '--tls-verify-peer',
        'memory',
        `${SIZE}`,
      ])
    if (program === 'nbd-server') {
      const files = `\tcertfile = ${dir}/server-cert.pem\n\tkeyfile = ${dir}/server-key.pem\n`
      return startNbdServer(
        makeDisk(),
        `${files}\tcacertfile = ${dir}/ca-cert.pem\n\tforce_tls = true\n`,
      )
    }
    const object = `tls-creds-x509,id=tls0,dir=${dir},endpoint=server`
    return startQemuNbd(makeDisk(), ['--object', object, '--tls-creds', 'tls0', '-x', 'disk'])
  }
  const clearServer = (program: string): Promise<RunningServer> => {
    if (program === 'nbdkit') return startNbdkit(['--tls=off', 'memory', `${SIZE}`])
    if (program === 'nbd-server') return startNbdServer(makeDisk())
    return startQemuNbd(makeDisk(), ['-x', 'disk'])
  }

  describe.each(['qemu-nbd', 'nbdkit', 'nbd-server'].filter(hasPeer))('of %s', (program) => {
    const name = program === 'nbdkit' ? '' : 'disk'
    const required = (dir: string, hostname = 'localhost'): ClientTls => {
      return { mode: 'required', credentials: x509Credentials(dir), hostname }
    }

    test('with certificates: works, and says what was negotiated', async () => {
      const dir = makeX509Folder()
      const client = await connectTo((await x509Server(program, dir)).uri(name), required(dir))
      expect(client.tls?.protocol).toBe('TLSv1.3')
      expect(client.tls?.peer.distinguishedName).toBe('CN=localhost')
      const data = Buffer.alloc(1 << 20, 'tls')
      await client.write(0, data)
      expect(data.equals(await client.read(0, data.length))).toBe(true)
      await client.disconnect()
    })

    test('another name, or another authority, ends the connection', async () => {
      const dir = makeX509Folder()
      const server = await x509Server(program, dir)
      const wrongName = connectTo(server.uri(name), required(dir, 'other.example'))
      await expect(wrongName).rejects.toThrow('other.example')
      const wrongAuthority = connectTo(server.uri(name), required(makeX509Folder()))
      await expect(wrongAuthority).rejects.toThrow(/issuer|trust|certificate/)
    })

    test('a client without TLS is told what the server requires', async () => {
      const server = await x509Server(program, makeX509Folder())
      await expect(connectTo(server.uri(name))).rejects.toThrow('This NBD server requires TLS')
      const listing = listServer(server.uri(name).address)
      await expect(listing).rejects.toThrow('This NBD server requires TLS')
    })

    test('a server without TLS is refused where it is required', async () => {
      const server = await clearServer(program)
      const connection = connectTo(server.uri(name), required(makeX509Folder()))
      await expect(connection).rejects.toThrow('This NBD server does not offer TLS')
    })

    test('a server without TLS is warned of where it is optional', async () => {
      const { address, exportName } = (await clearServer(program)).uri(name)
      const codes: string[] = []
      const client = await NbdClient.connect(address, exportName, {
        tls: { mode: 'optional', credentials: x509Credentials(makeX509Folder()) },
        warn: ({ code }) => codes.push(code),
      })
      expect([client.tls, codes]).toEqual([undefined, ['NBD_NOT_ENCRYPTED']])
      await client.disconnect()
    })
  })

  describe.each(['qemu-nbd', 'nbdkit'].filter(hasPeer))('with shared keys of %s', (program) => {
    const start = (dir: string): Promise<RunningServer> => {
      if (program === 'nbdkit') {
        return startNbdkit(['--tls=require', `--tls-psk=${dir}/keys.psk`, 'memory', `${SIZE}`])
      }
      const object = `tls-creds-psk,id=tls0,dir=${dir},endpoint=server`
      return startQemuNbd(makeDisk(), ['--object', object, '--tls-creds', 'tls0'])
    }

    test('works with the same key, and not with another', async () => {
      const dir = makePskFolder()
      const server = await start(dir)
      const client = await connectTo(server.uri(), {
        mode: 'required',
        credentials: pskCredentials(dir),
      })
      expect((await client.read(0, 512)).length).toBe(512)
      await client.disconnect()
      const credentials = pskCredentials(makePskFolder())
      await expect(connectTo(server.uri(), { mode: 'required', credentials })).rejects.toThrow(
        /TLS handshake failed/,
      )
    })
  })
})
