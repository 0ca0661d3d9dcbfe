/** `cryptopolicy nbd serve` and the clients of others. */
import { randomBytes } from 'node:crypto'
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scratchFolder } from '../cli/command.ts'
import { makePskFolder, makeX509Folder } from '../nbd/nbd-credentials.ts'
import { type OurServer, serveNbd } from '../nbd/our-server.ts'
import { testWith } from '../peers/peer.ts'
import { runPeer } from './tls-peer.ts'

const MIB = 1 << 20

/** Python's binding of libnbd belongs to the Python of the system. */
const PATH = `/usr/bin:${process.env.PATH}`

/** A file of 8 MiB: data, a hole, data. */
function makeImage(): string {
  const path = join(scratchFolder(), 'image')
  writeFileSync(path, randomBytes(2 * MIB))
  truncateSync(path, 6 * MIB)
  writeFileSync(path, randomBytes(2 * MIB), { flag: 'a' })
  return path
}

const uriOf = ({ socket }: OurServer, name = '', more = '') =>
  `nbd+unix:///${name}?socket=${socket}${more}`

async function succeed(program: string, args: readonly string[]): Promise<string> {
  const { status, output } = await runPeer(program, args, { PATH })
  if (status !== 0) throw new Error(`${program} gave ${status}: ${output}`)
  return output
}

/** Runs Python in nbdsh, connected. */
function nbdsh(uri: string, ...lines: readonly string[]): Promise<string> {
  return succeed('nbdsh', ['-u', uri, ...lines.flatMap((line) => ['-c', line])])
}

describe('in clear', () => {
  testWith('nbdinfo', 'nbdinfo tells the exports and their extents', async () => {
    const image = makeImage()
    const server = await serveNbd([
      ...[image, '-x', 'disk', '-D', 'a disk', '-e', '0', '-t'],
      ...['--export', `other=${makeImage()}`],
    ])
    const listed = JSON.parse(await succeed('nbdinfo', ['--list', '--json', uriOf(server)]))
    expect(listed.exports).toMatchObject([
      { 'export-name': 'disk', description: 'a disk', 'export-size': 6 * MIB + 2 * MIB },
      { 'export-name': 'other' },
    ])
    expect(listed.exports[0]).toMatchObject({
      is_read_only: false,
      can_multi_conn: true,
      can_fast_zero: true,
      can_df: true,
      can_cache: true,
    })
    const sizes = await nbdsh(
      uriOf(server, 'disk'),
      'print([h.get_block_size(i) for i in range(3)])',
    )
    expect(sizes.trim()).toBe(`[1, 4096, ${32 * MIB}]`)
    const map = JSON.parse(await succeed('nbdinfo', ['--map', '--json', uriOf(server, 'disk')]))
    expect(map.map(({ length, type }: { length: number; type: number }) => [length, type])).toEqual(
      [
        [2 * MIB, 0],
        [4 * MIB, 3],
        [2 * MIB, 0],
      ],
    )
  })

  testWith('nbdcopy', 'nbdcopy brings an image out and another in, holes included', async () => {
    const [image, blank] = [makeImage(), join(scratchFolder(), 'blank')]
    writeFileSync(blank, '')
    truncateSync(blank, 8 * MIB)
    const server = await serveNbd([image, '-e', '0', '-t', '--export', `blank=${blank}`])
    const copy = join(scratchFolder(), 'copy')
    await succeed('nbdcopy', [uriOf(server), copy])
    expect(readFileSync(copy).equals(readFileSync(image))).toBe(true)
    await succeed('nbdcopy', ['--flush', image, uriOf(server, 'blank')])
    expect(readFileSync(blank).equals(readFileSync(image))).toBe(true)
    expect(statSync(blank).blocks * 512).toBe(4 * MIB)
  })

  testWith('qemu-img', 'qemu-img converts in and out, compares and maps', async () => {
    const [image, blank] = [makeImage(), join(scratchFolder(), 'blank')]
    writeFileSync(blank, '')
    truncateSync(blank, 8 * MIB)
    const server = await serveNbd([image, '-e', '0', '-t', '--export', `blank=${blank}`])
    const [source, target] = [uriOf(server), uriOf(server, 'blank')]
    expect(await succeed('qemu-img', ['info', source])).toContain('virtual size: 8 MiB')
    const copy = join(scratchFolder(), 'copy.qcow2')
    await succeed('qemu-img', ['convert', '-O', 'qcow2', source, copy])
    expect(await succeed('qemu-img', ['compare', source, copy])).toContain('Images are identical.')
    await succeed('qemu-img', ['convert', '-n', '-O', 'raw', copy, target])
    expect(readFileSync(blank).equals(readFileSync(image))).toBe(true)
    const map = JSON.parse(await succeed('qemu-img', ['map', '--output=json', source]))
    expect(map).toMatchObject([
      { start: 0, length: 2 * MIB, data: true },
      { start: 2 * MIB, length: 4 * MIB, data: false, zero: true },
      { start: 6 * MIB, length: 2 * MIB, data: true },
    ])
  })

  testWith('qemu-io', 'qemu-io writes, discards and zeroes', async () => {
    const image = makeImage()
    const server = await serveNbd([image, '-e', '0', '-t'])
    const commands = [
      'write -P 7 4096 65536',
      'write -f -P 9 1M 4k',
      'write -z -u 3M 64k',
      'write -z 1M 512',
      'discard 6M 1M',
      'flush',
      'read -P 7 4096 65536',
      'read -P 0 1M 512',
      'read -P 9 1049088 3584',
      'read -P 0 6M 1M',
    ]
    const args = ['-f', 'raw', ...commands.flatMap((command) => ['-c', command]), uriOf(server)]
    expect(await succeed('qemu-io', args)).not.toMatch(/fail|error/i)
    const content = readFileSync(image)
    expect(content.subarray(4096, 69_632).equals(Buffer.alloc(65_536, 7))).toBe(true)
  })

  testWith('qemu-nbd', 'qemu-nbd lists', async () => {
    const server = await serveNbd([makeImage(), '-x', 'disk', '-D', 'a disk', '-e', '0', '-t'])
    const output = await succeed('qemu-nbd', ['--list', '-k', server.socket])
    expect(output).toMatch(/export: 'disk'\n\s+description: a disk\n\s+size: {2}8388608/)
    expect(output).toContain('base:allocation')
  })

  const READS = [
    'import os, random',
    'r = random.Random(1)',
    'size = h.get_size()',
    'model = bytearray(h.pread(size, 0))',
    `for i in range(400):
    o = r.randrange(size - 1); n = min(size - o, r.choice([1, 512, 4096, 70000, 300000]))
    k = r.randrange(6)
    if k < 3: assert h.pread(n, o) == model[o:o+n]
    elif k == 3: b = os.urandom(n); h.pwrite(b, o, nbd.CMD_FLAG_FUA); model[o:o+n] = b
    elif k == 4: h.zero(n, o, r.choice([0, nbd.CMD_FLAG_NO_HOLE, nbd.CMD_FLAG_FUA])); model[o:o+n] = bytes(n)
    else: h.cache(n, o)`,
    'h.flush()',
    'assert h.pread(size, 0) == model',
  ]

  testWith(
    'nbdsh',
    'nbdsh reads and writes at random, in simple and in structured replies',
    async () => {
      const image = makeImage()
      const server = await serveNbd([image, '-e', '0', '-t'])
      const uri = uriOf(server)
      await nbdsh(uri, ...READS)
      await succeed('nbdsh', [
        ...['-c', 'h.set_request_structured_replies(False)'],
        ...['-c', `h.connect_uri("${uri}")`],
        ...['-c', 'assert not h.get_structured_replies_negotiated()'],
        ...READS.flatMap((line) => ['-c', line]),
      ])
    },
  )

  testWith('nbdsh', 'nbdsh gets the errors of the protocol, and goes on', async () => {
    const server = await serveNbd([makeImage(), '-e', '0', '-t'])
    const script = [
      'import errno',
      'h.set_strict_mode(0)',
      `def expect(code, call, *rest):
    try: call(*rest)
    except nbd.Error as error: assert error.errnum == code, (error.errnum, code)
    else: raise Exception("no error")`,
      'size = h.get_size()',
      'expect(errno.EINVAL, h.pread, 512, size)',
      'expect(errno.ENOSPC, h.pwrite, b"x" * 512, size - 1)',
      'expect(errno.ENOSPC, h.zero, 512, size)',
      'expect(errno.EINVAL, h.trim, 512, size)',
      'expect(errno.EINVAL, h.pread, 512, 0, 0x800)',
      'expect(errno.EOVERFLOW, h.pread_structured, 1 << 20, 0, lambda *a: 0, nbd.CMD_FLAG_DF)',
      'h.zero(4096, 0, nbd.CMD_FLAG_FAST_ZERO)',
      'assert h.pread(4096, 0) == bytes(4096)',
    ]
    await nbdsh(uriOf(server), ...script)
  })

  testWith('nbdsh', 'a read-only export is told as one, and refuses', async () => {
    const server = await serveNbd([makeImage(), '-r', '-e', '0', '-t'])
    const script = [
      'import errno',
      'assert h.is_read_only()',
      'h.set_strict_mode(0)',
      `for call in [lambda: h.pwrite(b"x", 0), lambda: h.trim(1, 0), lambda: h.zero(1, 0)]:
    try: call()
    except nbd.Error as error: assert error.errnum == errno.EPERM
    else: raise Exception("no error")`,
      'h.pread(512, 0)',
    ]
    await nbdsh(uriOf(server), ...script)
  })

  testWith('fio', 'fio verifies what it has written at random', async () => {
    const server = await serveNbd(['--memory', '16M', '-e', '0', '-t'])
    const output = await succeed('fio', [
      ...['--name=random', '--ioengine=nbd', `--uri=${uriOf(server)}`, '--rw=randrw', '--bs=4k'],
      ...['--size=4m', '--iodepth=16', '--verify=crc32c', '--output-format=json'],
      // It would be kept in the current folder.
      '--verify_state_save=0',
    ])
    expect(JSON.parse(output.slice(output.indexOf('{'))).jobs[0].error).toBe(0)
  })
})

describe('with TLS', () => {
  const x509 = (dir: string, more = '') => [
    ...['--object', `tls-creds-x509,id=tls0,endpoint=server,dir=${dir}${more}`],
    ...['--tls-creds', 'tls0', '-e', '0', '-t'],
  ]
  const secure = (server: OurServer, dir: string, more = '') =>
    uriOf(server, '', `&tls-certificates=${dir}${more}`).replace('nbd', 'nbds')
  const qemuTls = (server: OurServer, dir: string, hostname = 'localhost') => [
    ...['--object', `tls-creds-x509,id=tls0,endpoint=client,dir=${dir}`],
    ...['--image-opts', `driver=nbd,path=${server.socket},tls-creds=tls0,tls-hostname=${hostname}`],
  ]

  testWith('nbdcopy', 'x509: an image comes out whole, and the log tells who took it', async () => {
    const [image, dir] = [makeImage(), makeX509Folder()]
    const server = await serveNbd([image, ...x509(dir, ',verify-peer=on')])
    const copy = join(scratchFolder(), 'copy')
    await succeed('nbdcopy', [secure(server, dir), copy])
    expect(readFileSync(copy).equals(readFileSync(image))).toBe(true)
    expect(await server.says('certificate "CN=client"')).toMatch(
      /secured by TLSv1\.3 TLS_\w+.*, certificate "CN=client"/,
    )
  })

  testWith('qemu-img', 'x509: qemu-img verifies the name and compares', async () => {
    const [image, dir] = [makeImage(), makeX509Folder()]
    const server = await serveNbd([image, ...x509(dir)])
    expect(await succeed('qemu-img', ['info', ...qemuTls(server, dir)])).toContain('8 MiB')
    const { status, output } = await runPeer('qemu-img', ['info', ...qemuTls(server, dir, 'other')])
    expect(status).toBe(1)
    expect(output).toContain('Certificate does not match the hostname other')
  })

  testWith('nbdinfo', 'PSK: the user is known, another key is not', async () => {
    const [dir, other] = [makePskFolder(), makePskFolder()]
    const psk = [
      ...['--object', `tls-creds-psk,id=tls0,endpoint=server,dir=${dir}`],
      ...['--tls-creds', 'tls0', '-e', '0', '-t'],
    ]
    const server = await serveNbd([makeImage(), ...psk])
    const uri = (folder: string) =>
      `nbds+unix://qemu@/?socket=${server.socket}&tls-psk-file=${join(folder, 'keys.psk')}`
    await succeed('nbdinfo', ['--size', uri(dir)])
    expect(await server.says('shared key of')).toContain('shared key of "qemu"')
    expect((await runPeer('nbdinfo', ['--size', uri(other)])).status).not.toBe(0)
    expect(await server.says('[TLS_')).toMatch(/ended: .*\[TLS_/)
  })

  testWith('qemu-img', 'tls-authz lets one name in and no other', async () => {
    const dir = makeX509Folder()
    const run = async (identity: string) => {
      const authz = `authz-simple,id=auth0,identity=${identity}`
      const server = await serveNbd([
        ...[makeImage(), ...x509(dir, ',verify-peer=on')],
        ...['--object', authz, '--tls-authz', 'auth0'],
      ])
      const { status } = await runPeer('qemu-img', ['info', ...qemuTls(server, dir)])
      return { status, log: await server.says(/ended:|left/) }
    }
    expect((await run('CN=client')).status).toBe(0)
    const denied = await run('CN=somebody')
    expect(denied.status).toBe(1)
    expect(denied.log).toMatch(/ended: .*CN=client.*\[TLS_/)
  })

  testWith('nbdinfo', 'a client without a certificate is turned away in words', async () => {
    const dir = makeX509Folder()
    const server = await serveNbd([makeImage(), ...x509(dir, ',verify-peer=on')])
    const bare = scratchFolder()
    writeFileSync(join(bare, 'ca-cert.pem'), readFileSync(join(dir, 'ca-cert.pem')))
    expect((await runPeer('nbdinfo', [secure(server, bare)])).status).not.toBe(0)
    expect(await server.says('ended:')).toMatch(/ended: .*certificate.*\[TLS_/)
  })

  testWith(
    'qemu-img',
    'a client without TLS is told what is wrong, and so is our log',
    async () => {
      const server = await serveNbd([makeImage(), ...x509(makeX509Folder())])
      const { status, output } = await runPeer('qemu-img', ['info', uriOf(server)])
      expect(status).toBe(1)
      expect(output).toContain(
        'server reported: NBD_OPT_GO is not permitted before TLS: this NBD server requires TLS; connect with TLS credentials',
      )
      expect(await server.says('ended:')).toContain('ended: the client was refused NBD_OPT_GO:')
    },
  )

  testWith(
    'qemu-img',
    'a client that wants TLS from a server without is told, and so is our log',
    async () => {
      const server = await serveNbd([makeImage(), '-e', '0', '-t'])
      const { status, output } = await runPeer('qemu-img', [
        'info',
        ...qemuTls(server, makeX509Folder()),
      ])
      expect(status).toBe(1)
      expect(output).toContain(
        'server reported: this NBD server has no TLS; connect without TLS credentials',
      )
      expect(await server.says('ended:')).toContain(
        'ended: the client was refused NBD_OPT_STARTTLS:',
      )
    },
  )

  testWith('nbdinfo', '--tls optional serves both', async () => {
    const dir = makeX509Folder()
    const server = await serveNbd([
      makeImage(),
      ...x509(dir, ',verify-peer=off'),
      '--tls',
      'optional',
    ])
    await succeed('nbdinfo', ['--size', uriOf(server)])
    await succeed('nbdinfo', ['--size', secure(server, dir)])
    expect(await server.says('secured by')).toContain('secured by TLSv1.3')
  })
})

test('all of it ends with SIGTERM and leaves no socket', async () => {
  const server = await serveNbd(['--memory', '1M', '-t'])
  expect(await server.stop()).toBe(0)
  expect(statSync(server.socket, { throwIfNoEntry: false })).toBeUndefined()
})
