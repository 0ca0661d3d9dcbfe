/** Commands on a system that is short of descriptors or of room: true words, and nothing that looks whole. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { keyFiles } from '../interop/audit/audited-server.ts'
import { runPeer, startPeer } from '../interop/tls-peer.ts'
import { readRecorded } from '../migration/recorded-streams.ts'
import { hasPeer, testWith } from '../peers/peer.ts'
import { runFile, scratchFolder } from './command.ts'
import { runInProcess } from './in-process.ts'

const LAUNCHER = join(import.meta.dirname, '../../bin/cryptopolicy')

test.each([12, 16, 20, 23, 24, 25])('with %s descriptors', (limit) => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'image'), Buffer.alloc(65_536))
  const words = `ulimit -n ${limit}; exec ${LAUNCHER} nbd copy image copy`
  const { status, stderr } = runFile('sh', ['-c', words], { cwd: folder })
  // How many are enough is another number for each release of Node.js.
  if (limit >= 24 && status === 0) return
  expect(status).toBe(69)
  expect(stderr).toContain('too many open files')
  expect(stderr).toContain('hint: allow more open files')
  expect(existsSync(join(folder, 'copy'))).toBe(false)
})

test('a soft limit that is too low is raised', () => {
  const words = `ulimit -S -n 16; exec ${LAUNCHER} --version`
  expect(runFile('sh', ['-c', words], { cwd: scratchFolder() }).status).toBe(0)
})

/** A small file system of its own, where this process may mount. */
function tryMount(size: string): string | undefined {
  const folder = scratchFolder()
  const { status } = runFile('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', folder])
  if (status !== 0) return undefined
  onTestFinished(() => void runFile('umount', ['-l', folder]))
  return folder
}

/** Takes all room that is left. */
function fill(folder: string): void {
  runFile('dd', ['if=/dev/zero', `of=${join(folder, 'ballast')}`, 'bs=4k'], { cwd: folder })
}

/** Every file with its bytes. Locks stay between runs, and parts of copies until they are continued. */
function contentOf(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = names.filter(
    (entry) => entry.isFile() && !/\.(lock|cryptopolicy-partial)$/.test(entry.name),
  )
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).toSorted()
  return Object.fromEntries(paths.map((path) => [path, readFileSync(path).toString('hex')]))
}

const DISK = [
  ['pki init', (folder: string) => ['pki', 'init', join(folder, 'new')]],
  ['pki init', (folder: string) => ['pki', 'init', join(folder, 'pki'), '--force']],
  [
    'pki issue',
    (folder: string) => [
      'pki',
      'issue',
      'server',
      join(folder, 'pki'),
      '--dns',
      'a.test',
      '--force',
    ],
  ],
  ['pki renew', (folder: string) => ['pki', 'renew', 'server', join(folder, 'pki')]],
  [
    'pki revoke',
    (folder: string) => ['pki', 'revoke', join(folder, 'pki'), join(folder, 'pki/server-cert.pem')],
  ],
  [
    'pki export',
    (folder: string) => [
      ...['pki', 'export', 'server', join(folder, 'pki'), '--p12', join(folder, 'p12')],
      ...['--passphrase-file', join(folder, 'pw')],
    ],
  ],
  ['pki psk', (folder: string) => ['pki', 'psk', 'alice', join(folder, 'pki')]],
  [
    'migrate inspect --ram',
    (folder: string) => [
      'migrate',
      'inspect',
      join(folder, 'guest'),
      '--ram',
      '--out',
      join(folder, 'ram'),
    ],
  ],
  ['nbd copy', (folder: string) => ['nbd', 'copy', join(folder, 'image'), join(folder, 'copy')]],
] as const

test.for(DISK)(
  '%s on a full disk leaves nothing that looks whole [mount]',
  async ([, words], context) => {
    const folder = tryMount('256k')
    if (folder === undefined) return context.skip('mounting is not permitted')
    const pki = join(folder, 'pki')
    for (const args of [
      ['init', pki],
      ['issue', 'server', pki, '--dns', 'a.test'],
    ]) {
      expect((await runInProcess(['pki', ...args, ...KEY])).status).toBe(0)
    }
    writeFileSync(join(folder, 'pw'), 'a passphrase\n')
    writeFileSync(join(folder, 'image'), Buffer.alloc(65_536, 1))
    writeFileSync(join(folder, 'guest'), readRecorded('exec-11-no-vmdesc.bin.gz'))
    fill(folder)
    const before = contentOf(folder)
    const { status, stderr } = await runInProcess(words(folder))
    expect(stderr).toContain('the disk is full')
    expect(status).toBe(73)
    expect(contentOf(folder)).toEqual(before)
  },
)

const KEY = ['--key', 'ecdsa:secp256r1']

async function startServer(): Promise<string> {
  const [rsa] = keyFiles(['rsa-2048'])
  const port = await startPeer('openssl', (free) => [
    ...['s_server', '-accept', `127.0.0.1:${free}`, '-quiet', '-tls1_2'],
    ...['-cert', rsa?.certificate ?? '', '-key', rsa?.key ?? ''],
  ])
  return `127.0.0.1:${port}`
}

testWith('openssl', 'an audit with few descriptors learns as much', async () => {
  const audit = `exec ${LAUNCHER} audit ${await startServer()} --timeout 60`
  for (const limit of [24, 26, 30]) {
    const words = ['-c', `ulimit -n ${limit}; ${audit}`]
    const { status, output } = await runPeer('sh', words)
    // How many are enough is another number for each release of Node.js.
    if (status === 69) expect(output).toContain('too many open files')
    else expect([status, output]).toEqual([0, expect.not.stringContaining('too many open files')])
  }
})

test.skipIf(!hasPeer('openssl'))(
  'evidence on a full disk is no file, and the report is told [mount]',
  async (context) => {
    const folder = tryMount('8k')
    if (folder === undefined) return context.skip('mounting is not permitted')
    const path = join(folder, 'evidence')
    const words = ['audit', await startServer(), '--timeout', '60', '--evidence', path]
    for (const options of [[], ['--jsonl'], ['--policy', 'FUTURE']]) {
      const { status, stdout, stderr } = await runInProcess([...words, ...options])
      expect([status, stderr]).toEqual([73, expect.stringContaining('the disk is full')])
      expect(stdout).toMatch(
        /TLS1\.2 +accepted|"name":"TLS1\.2","number":771,"result":{"answer":"accepted"/,
      )
      expect(readdirSync(folder)).toEqual([])
    }
  },
)
