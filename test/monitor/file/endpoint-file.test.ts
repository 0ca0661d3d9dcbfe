import { expect, test } from 'vitest'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import { printDiagnostic } from '../../../src/diagnostics/print-diagnostic.ts'
import { readEndpointFile } from '../../../src/monitor/file/endpoint-file.ts'
import { checkEndpointFile } from '../../../src/monitor/file/file-check.ts'

const read = (text: string) => readEndpointFile({ name: 'host.yaml', text })

/** `line:column code message`, and the hint. */
function refusals(text: string): readonly string[] {
  try {
    read(text)
    return []
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return error.diagnostics.map((one) => printDiagnostic(one))
  }
}

const COMPLETE = `
name: host-a
objects:
  - {qom-type: tls-creds-x509, id: tls0, dir: /etc/pki/qemu, endpoint: server}
nbd: {listen: "tcp:[::1]:10809", tls-creds: tls0, max-connections: 4}
exports:
  - {id: disk0, file: /srv/disk.raw, writable: true}
  - {id: memory0, memory: 1G}
relays:
  - {id: web1, listen: "unix:/run/web1.sock", to: "tcp:host-b:49152", tls-creds: tls0}
receivers:
  - {id: in1, listen: "tcp::49152", file: /srv/guest, multifd: 2}
monitors:
  - {id: mon0, listen: "unix:/run/mon0.sock"}
`

test('reads every section, in the order in which entries are started', () => {
  const { name, objects, entries } = read(COMPLETE)
  expect(name).toBe('host-a')
  expect(objects.map(({ id }) => id)).toEqual(['tls0'])
  expect(entries.map((entry) => entry.name)).toEqual([
    ...['nbd', 'export disk0', 'export memory0', 'relay web1', 'receiver in1', 'monitor mon0'],
  ])
})

test('JSON is read as well', () => {
  const { entries } = read('{"monitors": [{"id": "m", "listen": "unix:/m.sock"}]}')
  expect(entries.map(({ name }) => name)).toEqual(['monitor m'])
})

test.each([
  ['monitor: []', 'host.yaml:1:10: error[ENDPOINT_FILE_UNKNOWN_SECTION]', 'monitors'],
  ['monitors: {id: m}', 'host.yaml:1:11: error[ENDPOINT_FILE_WRONG_SHAPE]', 'with a dash'],
  ['nbd: []', 'host.yaml:1:6: error[ENDPOINT_FILE_WRONG_SHAPE]', 'without dashes'],
  ['objects: []', 'error[ENDPOINT_FILE_NOTHING]', 'nothing that listens'],
  ['name: x', 'error[ENDPOINT_FILE_NOTHING]', 'host.yaml'],
  ['monitors: [{listen: "unix:/m"}]', 'error[OBJECT_MISSING_ID]', 'add id'],
  ['monitors: [{id: m, listn: "unix:/m"}]', 'error[OBJECT_UNKNOWN_PROPERTY]', 'listen'],
  ['monitors: [{id: m, listen: "fd:3"}]', 'error[OBJECT_WRONG_VALUE]', 'unix:PATH'],
  ['monitors: [{id: m, listen: "fd:web"}]', 'error[OBJECT_WRONG_VALUE]', 'FileDescriptorName='],
  ['monitors: [{id: m, listen: "unxi:/m"}]', 'error[OBJECT_WRONG_VALUE]', 'did you mean unix?'],
  ['nbd: {listen: "localhost:10809"}', '1:15: error', 'did you mean tcp:localhost:10809?'],
  ['metrics: {listen: ./metrics}', '1:19: error', 'did you mean unix:./metrics?'],
  ['nbd: {listen: "exec:cat"}', '`exec:cat`: it takes unix:PATH, tcp:HOST:PORT or fd:NAME', ''],
  ['nbd: {listen: "unix:"}', 'it takes unix:PATH, tcp:HOST:PORT or fd:NAME', 'it has no path'],
  ['exports: [{id: d, memory: 1M}]', 'error[ENDPOINT_FILE_UNMET]', 'nbd'],
  ['nbd: {listen: "unix:/n"}\nexports: [{id: d}]', 'host.yaml:2:11', '`file`'],
  ['nbd: {listen: "unix:/n"}\nexports: [{id: d, memory: many}]', 'host.yaml:2:27', '512M'],
  ['nbd: {listen: "unix:/n", max-connections: -1}', 'host.yaml:1:43', 'a whole number'],
  ['nbd: {listen: "unix:/n", tls-creds: tls0}', 'error[ENDPOINT_FILE_UNKNOWN_OBJECT]', 'objects'],
  [
    'monitors: [{id: m, listen: "unix:/m"}, {id: m, listen: "unix:/n"}]',
    'host.yaml:1:45: error[ENDPOINT_FILE_REPEATED]',
    'monitor m is there twice',
  ],
])('%s is refused at its place', (text, place, remedy) => {
  const [first = ''] = refusals(text)
  expect(first).toContain(place)
  expect(first).toContain(remedy)
})

const AUTHZ = 'objects: [{qom-type: authz-simple, id: a, identity: CN=x}]'

test.each([
  ['nbd: {listen: "tcp:h:1", tls-authz: a}', '2:37: error[ENDPOINT_AUTHZ_WITHOUT_TLS]'],
  [
    'receivers: [{id: r, listen: "tcp:h:1", file: /f, tls-authz: a}]',
    '2:61: error[ENDPOINT_AUTHZ_WITHOUT_TLS]',
  ],
  [
    'chardevs: [{id: c, backend: socket, path: /c, server: on, tls-authz: a}]',
    'error[CHARDEV_INCOMPATIBLE_OPTIONS]',
  ],
  ['relays: [{id: r, listen: "unix:/r", to: "tcp:h:1", tls-authz: a}]', 'tls-creds'],
  ['monitors: [{id: m, listen: "tcp:h:1", tls-authz: a}]', 'error[MONITOR_OPEN]'],
  ['monitors: [{id: m, listen: "unix:/m", tls-authz: a}]', '2:28: error[MONITOR_UNIX_TLS]'],
  ['monitors: [{id: m, listen: "unix:/m", tls-creds: a}]', '2:28: error[MONITOR_UNIX_TLS]'],
])('an authorization that would decide about no client is refused: %s', (section, told) => {
  expect(refusals(`${AUTHZ}\n${section}`)[0]).toContain(told)
})

test('all mistakes are told in one run', () => {
  const told = refusals('nope: 1\nnbd: {listen: "unix:/n", x: 1}\nmonitors: [{id: 1, listen: a}]')
  expect(told).toHaveLength(3)
})

test.each([
  'objects: [{qom-type: secret, id: s, data: hunter2, bogus: 1}]\nmonitors: [{id: m, nope: 1}]',
  'objects: [{qom-type: secrt, id: s, dta: hunter2, id: s}]\nmonitors: [{id: m, nope: 1}]',
  'data: hunter2',
  'objects: [{qom-type: tls-creds-psk, id: s, passwort: "hunter2]',
])('no message shows what may be a secret: %s', (text) => {
  const told = refusals(text).join('\n')
  expect(told).toMatch(/host.yaml:[12]:/)
  expect(told).not.toContain('hunter2')
})

test('a file with a comment still shows the line of a mistake', () => {
  expect(refusals('# of this host\nmonitors: [{id: m, listn: "unix:/m"}]')[0]).toContain(
    'monitors: [{id: m, listn',
  )
})

test('a check tells of objects and of entries in one run', async () => {
  const check = async (text: string) => {
    const source = { name: 'host.yaml', text }
    const error = await checkEndpointFile(source, {}).catch((one) => one)
    if (!(error instanceof DiagnosticError)) return 'as it is to be'
    return error.diagnostics.map(({ code }) => code)
  }
  const object = 'objects: [{qom-type: tls-creds-x509, id: t, dir: /nosuch, endpoint: client}]\n'
  expect(await check(`${object}monitors: [{id: m}]\n`)).toEqual([
    ...['OBJECT_MISSING_PROPERTY', 'FILE_MISSING'],
  ])
  expect(await check('monitors: [{id: m, listen: "unix:/m"}]\n')).toBe('as it is to be')
})

test('an address is suggested where it is one', () => {
  const hintOf = (listen: string) => refusals(`nbd: {listen: "${listen}"}`)[0]?.split('\n').at(-1)
  expect(hintOf('localhost:10809')).toBe('hint: did you mean tcp:localhost:10809?')
  expect(hintOf('localhost:10809x')).not.toContain('did you mean')
})

test('a monitor that every host could reach is told with its place', () => {
  const told = (host: string) => refusals(`monitors: [{id: m, listen: "tcp:${host}:1"}]`)[0]
  expect(told('')).toContain('a monitor at *:1 needs')
  expect(told('h')).toContain('a monitor at h:1 needs')
})

test('the line of a mistake is shown whatever comments say', () => {
  const comment = '# local: words=of, an administrator\n'
  const [told = ''] = refusals(`${comment}nbd: {listen: "udp:x"}\n`)
  expect(told).toContain(' 2 | nbd: {listen: "udp:x"}')
  const [unread = ''] = refusals(`${comment}nbd: {listen: "unix:/n"}}\n`)
  expect(unread).toContain(' 2 | nbd: {listen: "unix:/n"}}')
})
