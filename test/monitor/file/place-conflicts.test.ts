import { mkdirSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import { printDiagnostic } from '../../../src/diagnostics/print-diagnostic.ts'
import { readEndpointFile } from '../../../src/monitor/file/endpoint-file.ts'
import { refuseSamePlaces } from '../../../src/monitor/file/place-conflicts.ts'
import { scratchFolder } from '../../cli/command.ts'
import { freePort } from '../../peers/port.ts'

/** The errors of a file with these sections. */
async function conflicts(text: string): Promise<string> {
  const file = readEndpointFile({ name: 'host.yaml', text })
  return refuseSamePlaces(file).then(
    () => '',
    (error: unknown) => {
      if (!(error instanceof DiagnosticError)) throw error
      return error.diagnostics.map((one) => printDiagnostic(one)).join('\n')
    },
  )
}

/** Whether the system lets both listen at the same time. */
async function canBothListen(one: object, other: object): Promise<boolean> {
  const first = await listening(one)
  const second = await listening(other)
  return first !== 'EADDRINUSE' && second !== 'EADDRINUSE'
}

/** @returns the code of the error of the system, undefined where it listens. */
async function listening(options: object): Promise<string | undefined> {
  const server = createServer()
  onTestFinished(() => void server.close())
  return new Promise((resolve) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code))
    server.listen(options, () => resolve(undefined))
  })
}

const HOSTS = [
  ...['127.0.0.1', '127.0.0.2', 'localhost', '0.0.0.0'],
  ...['::1', '0:0::1', '::', '::ffff:127.0.0.1', '::ffff:7f00:2'],
]

test.each(HOSTS.flatMap((one) => HOSTS.map((other) => [one, other] as const)))(
  'one port at %s and at %s is refused where the system refuses it',
  async (one, other) => {
    const port = await freePort()
    const chardev = (id: string, host: string) =>
      `  - {id: ${id}, backend: socket, host: "${host}", port: ${port}, server: true}`
    const text = ['chardevs:', chardev('a', one), chardev('b', other)].join('\n')
    const [first, second] = [one, other].map((host) => ({ host, port }))
    const areBoth = await canBothListen(first!, second!)
    expect((await conflicts(text)) === '').toBe(areBoth)
  },
)

test.each([
  ['a.sock', './a.sock'],
  ['a.sock', 'sub/../a.sock'],
  ['sub/a.sock', 'link/a.sock'],
  ['a.sock', 'other/inner/../a.sock'],
  ['a.sock', 'to-inner/../a.sock'],
  ['other/a.sock', 'to-inner/../a.sock'],
  ['a.sock', 'sub/a.sock'],
  ['a.sock', 'A.sock'],
])('paths %s and %s are refused where the system refuses them', async (one, other) => {
  const folder = scratchFolder()
  for (const name of ['sub', 'other', 'other/inner']) mkdirSync(join(folder, name))
  symlinkSync('sub', join(folder, 'link'))
  symlinkSync('other/inner', join(folder, 'to-inner'))
  const paths = [one, other].map((path) => `${folder}/${path}`)
  const text = paths.map((path, index) => `  - {id: m${index}, listen: "unix:${path}"}`)
  const [first, second] = paths.map((path) => ({ path }))
  const areBoth = await canBothListen(first!, second!)
  expect((await conflicts(['monitors:', ...text].join('\n'))) === '').toBe(areBoth)
})

test('entries of different sections are held against each other, at the place of the later one', async () => {
  const port = await freePort()
  const told = await conflicts(
    [
      `nbd: {listen: "tcp::${port}"}`,
      'exports: [{id: a, memory: 1M}, {id: b, memory: 1M, name: a}]',
      'receivers:',
      `  - {id: one, listen: "tcp:127.0.0.1:0", file: /tmp/guest}`,
      `  - {id: two, listen: "tcp:127.0.0.1:0", file: /tmp/../tmp/guest}`,
      `metrics: {listen: "tcp:localhost:${port}"}`,
    ].join('\n'),
  )
  expect(told).toContain('host.yaml:2:58: error[ENDPOINT_FILE_REPEATED]: name: a is there twice')
  expect(told).toContain('export a has it')
  expect(told).toMatch(/host\.yaml:5:\d+: .*receiver one has it/)
  expect(told).toMatch(/host\.yaml:6:\d+: .*nbd has it/)
})

test('entries with a range of ports take the first that is free', async () => {
  const port = await freePort()
  const entry = (id: string, last: number) =>
    `  - {id: ${id}, backend: socket, host: 127.0.0.1, port: ${port}, to: ${last}, server: true}`
  const text = ['chardevs:', entry('a', port + 1), entry('b', port + 1)].join('\n')
  expect(await conflicts(text)).toBe('')
  expect(await conflicts(`${text}\n${entry('c', port + 1)}`)).toContain('chardev b has it')
})

test('names without files and descriptors are places too', async () => {
  const unix = 'backend: socket, path: x, server: true'
  const text = [
    'chardevs:',
    `  - {id: a, ${unix}, abstract: true}`,
    `  - {id: b, ${unix}}`,
    '  - {id: c, backend: socket, fd: 7, server: true}',
  ].join('\n')
  expect(await conflicts(text)).toBe('')
  expect(await conflicts(`${text}\n  - {id: d, ${unix}, abstract: true}`)).toContain('chardev a')
  expect(await conflicts(`${text}\n  - {id: d, backend: socket, fd: 7, server: true}`)).toContain(
    'chardev c has it',
  )
})
