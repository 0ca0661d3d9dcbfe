/** The commands on network block devices, as a user runs them. */

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { formatSize } from '../../src/cli/byte-size.ts'
import { parseSize } from '../../src/cli/option-values.ts'
import { describeProgress, formatDuration, ProgressBar } from '../../src/cli/progress-bar.ts'
import { Terminal } from '../../src/cli/terminal.ts'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { type RunningServer, startNbdkit } from '../nbd/nbd-servers.ts'
import { serveNbdInProcess } from '../nbd/our-server.ts'
import { spawnSync } from '../peers/child-process.ts'
import { hasPeer, testWith } from '../peers/peer.ts'
import { ROOT, scratchFolder } from './command.ts'
import { runInProcess } from './in-process.ts'
import { resultOf } from './json-output.ts'

function nbd(...args: readonly string[]) {
  return runInProcess(['nbd', ...args])
}

testWith('nbdkit', 'info prints an export, and as JSON', async () => {
  const server = await startNbdkit(['-r', 'data', '@1048576 1', 'size=2M'])
  expect((await nbd('info', server.uri().text)).stdout).toMatch(
    /^export:\nsize: +2097152\n(?:block sizes: .*\n)?abilities: +read-only, .*multi-conn.*\nreplies: +structured\nmap: +base:allocation\ntls: +none, the connection is in clear\n$/,
  )
  expect(resultOf((await nbd('info', '--json', server.uri().text)).stdout)).toMatchObject({
    export: { name: '', size: 2_097_152, isReadOnly: true },
    session: { tls: null },
  })
  const map = (await nbd('info', '--map', server.uri().text)).stdout.trim().split('\n')
  expect(map.map((line) => line.trim().split(/ +/)[3])).toEqual(['hole,zero', 'data', 'hole,zero'])
})

testWith('nbdinfo', 'info --size prints what nbdinfo --size prints', async () => {
  const { text } = (await startNbdkit(['null', '5000001'])).uri()
  const theirs = spawnSync('nbdinfo', ['--size', text], { timeout: 60_000, encoding: 'utf8' })
  const ours = await nbd('info', '--size', text)
  expect([ours.status, ours.stdout]).toEqual([theirs.status, theirs.stdout])
  expect((await nbd('info', '--size', '--map', text)).status).toBe(64)
})

testWith('nbdkit', 'over TLS it says what was negotiated and with whom', async () => {
  const dir = makeX509Folder()
  const server = await startNbdkit(['--tls=require', `--tls-certificates=${dir}`, 'memory', '1M'])
  const more = `&tls-certificates=${dir}&tls-hostname=localhost`
  const { stdout } = await nbd('info', '--json', server.uri('', 'nbds', more).text)
  expect(resultOf(stdout).session.tls).toMatchObject({ protocol: 'TLSv1.3', peer: 'CN=localhost' })
  expect((await nbd('list', server.uri('', 'nbds', more).text)).status).toBe(0)
})

testWith(
  'nbdkit',
  'both who misses TLS and who has too much of it read one line and a hint',
  async () => {
    const dir = makeX509Folder()
    const secure = await startNbdkit(['--tls=require', `--tls-certificates=${dir}`, 'memory', '1M'])
    const clear = await startNbdkit(['--tls=off', 'memory', '1M'])
    const plain = await nbd('info', secure.uri().text)
    const object = `tls-creds-x509,id=tls0,dir=${dir},endpoint=client`
    const named = ['--object', object, '--tls-creds', 'tls0', '--tls-hostname', 'localhost']
    const strict = await nbd('info', clear.uri().text, ...named)
    const optional = await nbd('info', clear.uri().text, ...named, '--tls', 'optional')
    expect([plain.status, strict.status, optional.status]).toEqual([69, 69, 0])
    expect(plain.stderr).toMatch(
      /^error\[NBD_SERVER_REQUIRES_TLS\]: This NBD server requires TLS: .*\nhint: .*\n$/,
    )
    expect(strict.stderr).toMatch(
      /^error\[NBD_SERVER_WITHOUT_TLS\]: This NBD server does not offer TLS.*\nhint: .*\n$/,
    )
    expect(optional.stderr).toContain('NBD_NOT_ENCRYPTED')
  },
)

testWith('nbdkit', 'a client that shows no certificate learns what may be wrong', async () => {
  const dir = makeX509Folder()
  const tls = ['--tls=require', '--tls-verify-peer', `--tls-certificates=${dir}`]
  const server = await startNbdkit([...tls, 'memory', '1M'])
  const stranger = scratchFolder()
  copyFileSync(join(dir, 'ca-cert.pem'), join(stranger, 'ca-cert.pem'))
  const more = `&tls-certificates=${stranger}&tls-hostname=localhost`
  const { status, stderr } = await nbd('info', server.uri('', 'nbds', more).text)
  expect(status).toBe(69)
  expect(stderr).toMatch(
    /^error\[NBD_ENDED_AFTER_TLS\]: .* ended the connection after TLS had begun\nhint: .*\n$/,
  )
})

testWith(
  'nbdkit',
  'list prints names and descriptions, without what could drive a terminal',
  async () => {
    const names = "printf 'INTERLEAVED\\nfirst\\nthe \\033[31mfirst\\nsecond\\n\\n'"
    const zeroes = 'dd if=/dev/zero bs=$3 count=1'
    const script = [`list_exports=${names}`, 'get_size=echo 1M', `pread=${zeroes}`]
    const server = await startNbdkit(['eval', ...script])
    expect((await nbd('list', server.uri().text)).stdout).toBe('first  the ·[31mfirst\nsecond\n')
    const { exports } = resultOf((await nbd('list', '--long', '--json', server.uri().text)).stdout)
    expect(exports[1]).toMatchObject({ name: 'second', details: { size: 1_048_576 } })
    const { stdout } = await nbd('list', '--long', server.uri().text)
    const lines = stdout.match(/^(export|size): .*/gm)?.map((line) => line.replace(/ +/, ' '))
    const size = 'size: 1048576'
    expect(lines).toEqual(['export: first', size, 'export: second', size])
  },
)

testWith('nbdkit', 'an export that is larger than 2^53 - 1 bytes is told of exactly', async () => {
  const { text } = (await startNbdkit(['null', 'size=7E'])).uri()
  expect(await nbd('info', '--size', text)).toMatchObject({
    status: 0,
    stdout: '8070450532247928832\n',
  })
  const [info, list] = [
    await nbd('info', '--json', text),
    await nbd('list', '--long', '--json', text),
  ]
  expect(resultOf(info.stdout)).toMatchObject({ export: { size: '8070450532247928832' } })
  expect(resultOf(list.stdout).exports).toMatchObject([
    { details: { size: '8070450532247928832' } },
  ])
  const map = await nbd('info', '--map', text)
  expect(map).toMatchObject({ status: 69, stdout: '' })
  expect(map.stderr).toContain('has 8070450532247928832 bytes')
})

testWith('nbdkit', 'bench prints a line for each measurement', async () => {
  const server = await startNbdkit(['memory', '16M'])
  const short = ['--seconds', '1', '--connections', '1', '--depth', '4']
  const { status, stdout, stderr } = await nbd('bench', server.uri().text, ...short)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const line = (pattern: string) =>
    `${pattern} +[\\d.]+ [KMG]iB/s +\\d+ IOPS  half within [\\d.]+ ms, 99% [\\d.]+ ms, all [\\d.]+ ms\n`
  expect(stdout).toMatch(new RegExp(`^${line('read')}${line('random-read')}$`))
})

testWith(
  'nbdkit',
  'bench says where the server lets fewer connections in than it asked for',
  async () => {
    const server = await startNbdkit([
      'eval',
      'get_size=echo 1M',
      'can_multi_conn=exit 3',
      'pread=dd if=/dev/zero bs=$3 count=1',
    ])
    const { stderr } = await nbd('bench', server.uri().text, '--seconds', '1', '--depth', '1')
    expect(stderr).toContain('measured over 1 connection\n')
  },
)

testWith('nbdkit', 'bench measures reads, and writes where they are asked for', async () => {
  const server = await startNbdkit(['memory', '16M'])
  const bench = async (...args: string[]) => {
    const { stdout } = await nbd('bench', server.uri().text, '--json', '--seconds', '1', ...args)
    return resultOf(stdout).results as {
      pattern: string
      iops: number
      latency: { p99: number }
    }[]
  }
  const results = await bench('--write')
  const patterns = ['read', 'write', 'random-read', 'random-write']
  expect(results.map(({ pattern }) => pattern)).toEqual(patterns)
  expect(results.every(({ iops, latency }) => iops > 1 && latency.p99 > 0)).toBe(true)
})

describe('credentials of a URI', () => {
  const keys = (user: string) => {
    const file = join(scratchFolder(), 'other.txt')
    writeFileSync(file, `${user}:${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
    return file
  }
  const keyServer = (file: string) =>
    startNbdkit(['--tls=require', `--tls-psk=${file}`, 'memory', '1M'])
  const judged = (...args: readonly string[]) =>
    spawnSync('nbdinfo', args, { timeout: 60_000 }).stdout.toString()

  testWith('nbdinfo', 'are a file of keys of any name, and the user before the host', async () => {
    const file = keys('alice')
    const uri = (await keyServer(file)).uri().text.replace('nbd+unix://', 'nbds+unix://alice@')
    const named = `${uri}&tls-psk-file=${file}`
    expect(judged('--size', named)).toBe('1048576\n')
    expect(resultOf((await nbd('info', '--json', named)).stdout).export.size).toBe(1_048_576)
    const other = named.replace('alice@', 'bob@')
    expect(judged('--size', other)).toBe('')
    expect((await nbd('info', other)).stderr).toContain('bob')
  })

  testWith('nbdkit', 'hold for keys that an object names', async () => {
    const file = keys('alice')
    const uri = (await keyServer(file)).uri().text.replace('nbd+unix://', 'nbds+unix://alice@')
    const object = `tls-creds-psk,id=k,dir=${dirname(file)},x-file=other.txt,endpoint=client`
    expect((await nbd('info', uri, '--object', object, '--tls-creds', 'k')).status).toBe(0)
  })

  testWith('nbdkit', 'are of the kind that tls-type says', async () => {
    const [file, dir] = [keys('alice'), makeX509Folder()]
    const both = `&tls-username=alice&tls-psk-file=${file}&tls-certificates=${dir}&tls-hostname=localhost`
    const x509 = await startNbdkit(['--tls=require', `--tls-certificates=${dir}`, 'memory', '1M'])
    const psk = await keyServer(file)
    const isTaken = async (server: RunningServer, kinds: readonly string[]) => {
      const taken: boolean[] = []
      for (const kind of kinds) {
        const { status } = await nbd('info', server.uri('', 'nbds', both + kind).text)
        taken.push(status === 0)
      }
      return taken
    }
    const kinds = ['', '&tls-type=psk', '&tls-type=x509']
    expect(await isTaken(psk, kinds)).toEqual([true, true, false])
    expect(await isTaken(x509, kinds)).toEqual([false, false, true])
  })

  describe.skipIf(!hasPeer('nbdinfo'))('without any in the URI [nbdinfo, root]', () => {
    const isRoot = process.geteuid?.() === 0
    test.skipIf(!isRoot).each(['.pki/libnbd', '.config/pki/libnbd'])(
      'are those in ~/%s where the URI names none',
      async (folder) => {
        const [home, dir] = [scratchFolder(), makeX509Folder()]
        const tls = ['--tls=require', `--tls-certificates=${dir}`, 'memory', '1M']
        const socketFolder = scratchFolder()
        const server = await startNbdkit(tls, join(socketFolder, 'nbd.sock'))
        chmodSync(socketFolder, 0o755)
        chmodSync(join(socketFolder, 'nbd.sock'), 0o777)
        const place = join(home, folder)
        mkdirSync(place, { recursive: true })
        copyFileSync(join(dir, 'ca-cert.pem'), join(place, 'ca-cert.pem'))
        chmodSync(home, 0o755)
        const uri = server.uri('', 'nbds', '&tls-hostname=localhost').text
        const asUser = (program: string, args: readonly string[]) =>
          spawnSync(program, args, {
            ...{ uid: 65_534, gid: 65_534, cwd: '/', timeout: 60_000, encoding: 'utf8' },
            env: { PATH: process.env.PATH, HOME: home },
          })
        expect(asUser('nbdinfo', ['--size', uri]).stdout).toBe('1048576\n')
        const program = join(ROOT, 'dist', 'cryptopolicy.cjs')
        const ours = asUser(process.execPath, [program, 'nbd', 'info', uri])
        expect([ours.status, ours.stderr]).toEqual([
          0,
          `the certificates for TLS are those in ${place}\n`,
        ])
      },
    )
  })
})

test('wrong usage is said before any connection', async () => {
  const outcomes = [
    await nbd('info', 'disk.raw'),
    await nbd('info', 'nbds://localhost/'),
    await nbd('info', 'nbds://localhost/', '--tls', 'off'),
    await nbd('info', 'nbd://localhost/', '--tls-creds', 'tls0'),
    await nbd('copy', 'nbds://localhost/?tls-psk-file=/k/psk.txt', 'null:'),
    await nbd('copy', 'a', 'b', '--connections', '0'),
  ]
  expect(outcomes.map(({ status }) => status)).toEqual([64, 64, 64, 66, 66, 64])
  expect(outcomes.every(({ stdout }) => stdout === '')).toBe(true)
})

describe('sizes and times', () => {
  test('are printed as people write them', () => {
    expect([0, 1023, 1024, 1536, 10 * 2 ** 30, 2 ** 62].map(formatSize)).toEqual([
      ...['0 bytes', '1023 bytes', '1 KiB', '1.5 KiB', '10 GiB', '4096 PiB'],
    ])
    expect([0.2, 59, 61, 3600, 7260].map(formatDuration)).toEqual([
      ...['1 s', '59 s', '1 min 1 s', '1 h 0 min', '2 h 1 min'],
    ])
  })

  test('are read in powers of 1024', () => {
    expect(['4096', '64k', '1M', '2GiB', '1TB'].map(parseSize)).toEqual([
      ...[4096, 65_536, 2 ** 20, 2 ** 31, 2 ** 40],
    ])
    for (const text of ['', 'x', '-1', '1.5M', '1e9']) {
      expect(() => parseSize(text)).toThrow(/a size is a number with/)
    }
    expect(() => parseSize('9999999P')).toThrow(/the largest size here is 2\^53 - 1 bytes/)
  })

  test('progress shows rate and time left', () => {
    expect(describeProgress(2 ** 30, 2 ** 31, 2 ** 28)).toBe(
      '[##########----------]  50%  1 GiB of 2 GiB  256 MiB/s  4 s left',
    )
    expect(describeProgress(0, 0, 0)).toBe('[####################] 100%  0 bytes of 0 bytes')
  })

  test('of a rate the beginning is five seconds ago, and no more', () => {
    const shown: string[] = []
    let now = 0
    const terminal = Object.assign(new Terminal(), {
      showStatus: (line: string) => shown.push(line),
    })
    const bar = new ProgressBar(terminal, () => now)
    for (const done of [0, 10, 11, 12, 13, 15, 20]) {
      bar.update('copy', done * 2 ** 20, 40 * 2 ** 20)
      now += 1000
    }
    expect(shown.slice(5).map((line) => /([\d.]+) MiB\/s/.exec(line)?.[1])).toEqual(['3', '2'])
  })

  test('a bar takes its rate from the last seconds', () => {
    const shown: string[] = []
    let now = 0
    const terminal = Object.assign(new Terminal(), {
      showStatus: (line: string) => shown.push(line),
    })
    const bar = new ProgressBar(terminal, () => now)
    for (let step = 0; step <= 10; step++) {
      now = step * 1000
      bar.update('copy', step * 2 ** 20, 20 * 2 ** 20)
    }
    bar.update('copy', 10.1 * 2 ** 20, 20 * 2 ** 20)
    expect(shown).toHaveLength(11)
    expect(shown.at(-1)).toBe(
      'copy [##########----------]  50%  10 MiB of 20 MiB  1 MiB/s  10 s left',
    )
  })
})

test('a copy says what it copied, how fast, and that it was compared', async () => {
  const folder = scratchFolder()
  const disk = Buffer.concat([Buffer.alloc(512 * 1024, 1), Buffer.alloc(512 * 1024)])
  writeFileSync(join(folder, 'disk'), disk)
  const copied = async (...args: readonly string[]) =>
    (await nbd('copy', join(folder, 'disk'), join(folder, `to-${args.length}`), ...args)).stderr
  const said =
    /^1 MiB copied in \d+\.\d s \([\d.]+ \w+\/s\); 512 KiB of data, 512 KiB of zeroes(.*)\n$/
  expect(said.exec(await copied())?.[1]).toBe('')
  expect(said.exec(await copied('--verify'))?.[1]).toBe('; verified')
})

test('--timeout is in seconds, and tells them of a server that is silent', async () => {
  const path = join(scratchFolder(), 'silent.sock')
  const silent = createServer().listen(path)
  onTestFinished(() => void silent.close())
  await once(silent, 'listening')
  const { status, stderr } = await nbd('info', '--timeout', '1', `nbd+unix:///?socket=${path}`)
  expect([status, stderr]).toEqual([69, expect.stringContaining(' 1 s')])
})

test.each([
  [['nbd://localhost:1/', '--tls-hostname', 'a'], /a URI without TLS.*--tls-hostname/],
  [['nbd://localhost:1/', '--tls', 'off', '--tls-hostname', 'a'], /--tls off.*--tls-hostname/],
  [['nbd://localhost:1/?tls-hostname=a'], /a URI without TLS and tls-hostname in the URI/],
  [['nbd://localhost:1/?tls-type=x509'], /a URI without TLS and tls-type in the URI/],
  [['nbd://localhost:1/?tls-verify-peer=1'], /a URI without TLS and tls-verify-peer in the URI/],
  [['nbd://localhost:1/?tls-certificates=a', '--tls', 'off'], /--tls off and tls-certificates/],
  [['nbd://localhost:1/?tls-psk-file=a', '--tls', 'off'], /--tls off and tls-psk-file/],
  [['nbd://localhost:1/', '--tls', 'off', '--tls-creds', 't'], /--tls off.*--tls-creds/],
])('%j asks for a protection that a connection in clear does not have', async (words, told) => {
  const { status, stderr } = await nbd('info', ...words)
  expect([status, stderr]).toEqual([64, expect.stringMatching(told)])
})

test.each(['nbds.img', 'my-nbds.img', 'disk.img'])(
  'credentials hold for the only server of a copy: %s is a file',
  async (name) => {
    const folder = scratchFolder()
    const before = process.cwd()
    process.chdir(folder)
    onTestFinished(() => process.chdir(before))
    const { socket } = await serveNbdInProcess(['--memory', '1M', '--persistent'])
    writeFileSync(name, Buffer.alloc(4_096, 'x'))
    const object = `tls-creds-x509,id=t,endpoint=client,dir=${makeX509Folder()}`
    const to = `nbd+unix:///?socket=${socket}`
    const { status, stderr } = await nbd(
      ...['copy', '--object', object, '--tls-creds', 't', '--tls-hostname', 'localhost'],
      ...[name, to],
    )
    expect([status, stderr]).toEqual([69, expect.stringContaining('NBD_SERVER_WITHOUT_TLS')])
  },
)

test('warns of a name that the credentials do not check', async () => {
  const nowhere = `nbd+unix:///?socket=${join(scratchFolder(), 'none.sock')}`
  const folder = makeX509Folder()
  const ask = async (credentials: string) =>
    (
      await runInProcess([
        ...['nbd', 'info', nowhere, '--tls-creds', 't', '--tls-hostname', 'localhost'],
        ...['--object', `tls-creds-${credentials},id=t,endpoint=client`],
      ])
    ).stderr
  expect(await ask('anon')).toContain('warning[USAGE_NAME_UNCHECKED]')
  expect(await ask(`x509,dir=${folder},verify-peer=off`)).toContain('warning[USAGE_NAME_UNCHECKED]')
  expect(await ask(`x509,dir=${folder}`)).not.toContain('USAGE_NAME_UNCHECKED')
})
