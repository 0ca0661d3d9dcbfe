/** Both sides of each bound of a chardev's options, what it is called, what it keeps and what is told of it. */
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ChardevEvent } from '../../../src/chardev/chardev-event.ts'
import { chardevFilename } from '../../../src/chardev/definition/filename.ts'
import { parseChardev } from '../../../src/chardev/definition/parse-chardev.ts'
import { RingBuffer } from '../../../src/chardev/end/ring-buffer.ts'
import { chardevEventToJson, printChardevEvent } from '../../../src/chardev/event-report.ts'
import { LogFile } from '../../../src/chardev/log/log-file.ts'
import { type Diagnostic, DiagnosticError, diagnose } from '../../../src/diagnostics/diagnostic.ts'
import { ENDPOINT_KINDS } from '../../../src/endpoint/endpoint-diagnostics.ts'
import { scratchFolder } from '../../cli/command.ts'

/** What is read, or the code of the refusal. */
function read(text: string): object | string {
  try {
    return parseChardev(text)
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return error.diagnostics[0]?.code ?? ''
  }
}

const socket = (options: string) => `socket,id=s,${options}`
const here = (options: string) => socket(`host=h,port=1,${options}`)
const server = (options: string) => here(`server=on,${options}`)
const WRONG = 'CHARDEV_WRONG_VALUE'
const USELESS = 'CHARDEV_USELESS_OPTION'
const INCOMPATIBLE = 'CHARDEV_INCOMPATIBLE_OPTIONS'
const long = (length: number) => 'x'.repeat(length)

const CASES: readonly (readonly [string, string, object | string])[] = [
  ['port', socket('host=h,port=65535'), { address: { port: 65_535 } }],
  ['port', socket('host=h,port=65536'), WRONG],
  ['port', socket('host=h,port=-1'), WRONG],
  ['port', socket('host=h,port=1x'), WRONG],
  ['to', server('to=65535'), { address: { lastPort: 65_535 } }],
  ['to', server('to=65536'), WRONG],
  ['to', here('to=2'), USELESS],
  ['host', socket(`host=${long(255)},port=1`), { address: { host: long(255) } }],
  ['host', socket(`host=${long(256)},port=1`), WRONG],
  ['host', socket('host=[::1],port=1'), { address: { host: '::1' } }],
  ['host', socket('host=[fe80::1%eth0],port=1'), { address: { host: 'fe80::1%eth0' } }],
  ['host', socket('host=[x],port=1'), { address: { host: '[x]' } }],
  ['host', socket('host=a b,port=1'), WRONG],
  ['host', socket('host=a\u007f,port=1'), WRONG],
  ['host', socket('host=a\u0000,port=1'), WRONG],
  ['family', here('ipv4=on'), { address: { family: 4 } }],
  ['family', here('ipv6=on'), { address: { family: 6 } }],
  ['family', here('ipv4=off'), { address: { family: 6 } }],
  ['family', here('ipv6=off'), { address: { family: 4 } }],
  ['family', here('ipv4=on,ipv6=on'), { address: { family: undefined } }],
  ['family', here('ipv4=off,ipv6=off'), INCOMPATIBLE],
  ['abstract', here('abstract=on'), USELESS],
  ['tight', here('tight=on'), USELESS],
  ['path', socket(`path=${long(107)}`), { address: { kind: 'unix', path: long(107) } }],
  ['path', socket(`path=${long(108)}`), WRONG],
  ['path', socket(`path=${'ä'.repeat(54)}`), WRONG],
  ['path', socket('path=/a\u0000'), WRONG],
  ['path', socket('path=/a'), { address: { isAbstract: false, isTight: true } }],
  ['path', socket('path=a,abstract=on'), { address: { isAbstract: true, isTight: true } }],
  ['path', socket('path=a,abstract=on,tight=off'), { address: { isTight: false } }],
  ['path', socket('path=a,tight=off'), USELESS],
  ['path', socket('path=a,ipv4=on'), USELESS],
  ['path', socket('path=a,nodelay=on'), USELESS],
  ['fd', socket('fd=2147483647'), { address: { kind: 'fd', descriptor: 2_147_483_647 } }],
  ['fd', socket('fd=2147483648'), WRONG],
  ['fd', socket('fd=0,port=1'), USELESS],
  ['place', socket('server=on'), 'CHARDEV_MISSING_OPTION'],
  ['place', socket('fd=1,path=a'), 'CHARDEV_MISSING_OPTION'],
  ['server', here('server=on'), { isServer: true, isWaiting: true }],
  ['server', here('server=off'), { isServer: false, isWaiting: false }],
  ['server', server('wait=off'), { isWaiting: false }],
  ['server', here('wait=off'), INCOMPATIBLE],
  ['server', server('nowait'), { isWaiting: false }],
  ['server', here('wanoit'), 'CHARDEV_UNKNOWN_OPTION'],
  ['server', server('nowait=on'), 'CHARDEV_UNKNOWN_OPTION'],
  ['server', server('nopath'), 'CHARDEV_UNKNOWN_OPTION'],
  ['server', server('reconnect=1'), INCOMPATIBLE],
  ['server', server('reconnect-ms=1'), INCOMPATIBLE],
  ['reconnect', here('reconnect=3600'), { reconnect: 3_600_000 }],
  ['reconnect', here('reconnect=3601'), WRONG],
  ['reconnect', here('reconnect-ms=3600000'), { reconnect: 3_600_000 }],
  ['reconnect', here('reconnect-ms=3600001'), WRONG],
  ['reconnect', here('reconnect=1,reconnect-ms=1'), INCOMPATIBLE],
  ['reconnect', here('nodelay=off'), { reconnect: 0 }],
  ['delay', here('delay=off'), { hasNoDelay: true }],
  ['delay', here('delay=on'), { hasNoDelay: false }],
  ['delay', here('nodelay=on,delay=on'), { hasNoDelay: true }],
  ['delay', here('telnet=off'), { hasNoDelay: false, isTelnet: false, isWebsocket: false }],
  ['framing', here('telnet=on'), { isTelnet: true }],
  ['framing', here('websocket=on'), { isWebsocket: true }],
  ['framing', here('tn3270=on'), 'CHARDEV_ABSENT_BACKEND'],
  ['framing', here('tn3270=off'), { isTelnet: false }],
  ['tls', here('tls-creds=t'), { credentials: 't' }],
  ['tls', here('tls-creds=t,tls-authz=a,tls-hostname=n'), { authorization: 'a', hostname: 'n' }],
  ['tls', here('tls-authz=a'), INCOMPATIBLE],
  ['tls', here('tls-hostname=n'), USELESS],
  ['tls', socket('path=/a,tls-creds=t'), INCOMPATIBLE],
  ['tls', socket('fd=3,tls-creds=t'), INCOMPATIBLE],
  ['mux', server('mux=on'), { isMux: true, writer: 'first' }],
  ['mux', server('mux=on,writer=last'), { writer: 'last' }],
  ['mux', server('mux=on,writer=some'), WRONG],
  ['mux', server('mux=on,writer-authz=a'), USELESS],
  ['mux', server('mux=on,tls-creds=t,writer-authz=a'), { writerAuthorization: 'a' }],
  ['mux', server('tls-creds=t,writer-authz=a'), USELESS],
  ['mux', server('writer=all'), USELESS],
  ['mux', here('mux=on'), INCOMPATIBLE],
  ['mux', 'null,id=a,mux=on', INCOMPATIBLE],
  ['mux', 'null,id=a,mux=off', { isMux: false }],
  ['ring', 'ringbuf,id=a', { size: 65_536 }],
  ['ring', 'ringbuf,id=a,size=0', { size: 65_536 }],
  ['ring', 'ringbuf,id=a,size=1', { size: 1 }],
  ['ring', 'ringbuf,id=a,size=1G', { size: 2 ** 30 }],
  ['ring', 'ringbuf,id=a,size=2G', WRONG],
  ['ring', 'ringbuf,id=a,size=3', INCOMPATIBLE],
  ['ring', 'ringbuf,id=a,size=0x400', { size: 1024 }],
  ['ring', 'ringbuf,id=a,size=0.5k', { size: 512 }],
  ['ring', 'ringbuf,id=a,size=1.5', WRONG],
  ['ring', 'ringbuf,id=a,size=64b', { size: 64 }],
  ['ring', 'ringbuf,id=a,size=-1', WRONG],
  ['ring', 'ringbuf,id=a,size=1X', WRONG],
  ['ring', 'ringbuf,id=a,size=99999P', WRONG],
  ['log', 'null,id=a', { log: undefined }],
  ['log', 'null,id=a,logfile=/l', { log: { path: '/l', isAppended: false, size: 0 } }],
  [
    'log',
    'null,id=a,logfile=/l,logappend=on,logsize=1M',
    { log: { isAppended: true, size: 2 ** 20 } },
  ],
  ['log', 'null,id=a,logfile=', WRONG],
  ['log', 'null,id=a,logfile=/\u0000', WRONG],
  ['log', 'null,id=a,logsize=1', USELESS],
  ['log', 'null,id=a,logfile=/l,logsize=12.5k', { log: { size: 12_800 } }],
  ['file', 'file,id=a,path=/x', { path: '/x', isAppended: false }],
  ['file', 'file,id=a,path=/x,append=on', { isAppended: true }],
  ['file', 'file,id=a,path=/x\u0000', WRONG],
  ['stdio', 'stdio,id=a,signal=on', { hasSignals: true }],
  ['stdio', 'stdio,id=a', { hasSignals: false }],
  ['id', 'null,id=a.b-c_1', { id: 'a.b-c_1' }],
  ['id', 'null,id=a b', 'CHARDEV_INVALID_ID'],
  ['id', 'null,id=', 'CHARDEV_INVALID_ID'],
  ['option', 'null,id=a,nosuch=1', 'CHARDEV_UNKNOWN_OPTION'],
  ['option', 'null,id=a,width=1', USELESS],
  ['back-end', 'udp,id=a', 'CHARDEV_ABSENT_BACKEND'],
  ['back-end', 'nosuch,id=a', 'CHARDEV_UNKNOWN_BACKEND'],
  ['back-end', 'id=a', 'CHARDEV_NO_BACKEND'],
  ['back-end', 'backend=,id=a', 'CHARDEV_NO_BACKEND'],
  ...(['on', 'yes', 'true', 'y'] as const).map(
    (flag) => ['flag', here(`telnet=${flag}`), { isTelnet: true }] as const,
  ),
  ...(['off', 'no', 'false', 'n'] as const).map(
    (flag) => ['flag', here(`telnet=${flag}`), { isTelnet: false }] as const,
  ),
]

test('options are taken up to their bounds, and refused beyond', () => {
  for (const [what, text, expected] of CASES) {
    const result = read(text)
    if (typeof expected === 'string') expect([what, text, result]).toEqual([what, text, expected])
    else expect(result, text).toMatchObject(expected)
  }
})

test('a socket listens where that is asked for and the text does not say otherwise', () => {
  const SOCKET = 'socket,id=s,host=h,port=1'
  expect(parseChardev(SOCKET, { isServer: true })).toMatchObject({ isServer: true })
  expect(parseChardev(SOCKET, { isServer: false })).toMatchObject({ isServer: false })
  for (const off of ['server=off', 'noserver']) {
    expect(parseChardev(`${SOCKET},${off}`, { isServer: true })).toMatchObject({ isServer: false })
  }
  expect(parseChardev('pty,id=p', { isServer: true })).toMatchObject({ backend: 'pty' })
})

test('query-chardev calls it as QEMU does', () => {
  const called = (text: string, facts = {}) => chardevFilename(parseChardev(text), facts)
  const local = { address: '127.0.0.1', port: 5 }
  const remote = { address: '::1', port: 6 }
  const connected = { local, remote }
  const inet = 'socket,id=s,host=h,port=5'
  const NAMES = [
    [called(inet), 'disconnected:tcp:h:5'],
    [called(`${inet},server=on`), 'disconnected:tcp:h:5,server=on'],
    [called(`${inet},server=on`, { port: 7 }), 'disconnected:tcp:h:7,server=on'],
    [called(`${inet},telnet=on`), 'disconnected:telnet:h:5'],
    [called(`${inet},websocket=on`), 'disconnected:websocket:h:5'],
    [called(inet, { connected }), 'tcp:127.0.0.1:5 <-> [::1]:6'],
    [called(`${inet},server=on`, { connected }), 'tcp:127.0.0.1:5,server=on <-> [::1]:6'],
    [called(inet, { connected: { local } }), 'disconnected:tcp:h:5'],
    [called('socket,id=s,path=/a,server=on'), 'disconnected:unix:/a,server=on'],
    [called('socket,id=s,path=/a,server=on', { connected: {} }), 'unix:/a,server=on'],
    [
      called('socket,id=s,path=a,abstract=on,tight=off'),
      'disconnected:unix:a,abstract=on,tight=off',
    ],
    [called('socket,id=s,path=a,abstract=on'), 'disconnected:unix:a,abstract=on,tight=on'],
    [called('socket,id=s,fd=3'), 'disconnected:fd:3'],
    [called('pty,id=p'), 'pty'],
    [called('pty,id=p', { device: '/dev/pts/3' }), 'pty:/dev/pts/3'],
    [called('null,id=n'), 'null'],
  ]
  for (const [name, expected] of NAMES) expect(name).toBe(expected)
})

test('a ring keeps the last bytes that were written', () => {
  const ring = new RingBuffer(4)
  const write = (text: string) => ring.write(Buffer.from(text))
  const take = (limit: number) => ring.read(limit).toString()
  expect([ring.length, take(9)]).toEqual([0, ''])
  write('abc')
  expect([ring.length, take(2), ring.length]).toEqual([3, 'ab', 1])
  write('def')
  expect([ring.length, take(1), take(9), take(9)]).toEqual([4, 'c', 'def', ''])
  write('ghijklm')
  expect([ring.length, take(9)]).toEqual([4, 'jklm'])
  write('abcd')
  write('e')
  expect(take(9)).toBe('bcde')
})

describe('a log', () => {
  const open = (log: object = {}) => {
    const path = join(scratchFolder(), 'log')
    const told: Diagnostic[] = []
    const start = (more: object = {}) =>
      new LogFile({ path, isAppended: false, size: 0, ...log, ...more }, (one) => told.push(one))
    return { path, told, start, text: (name = path) => readFileSync(name, 'utf8') }
  }

  test('is for its owner alone, and begins anew unless it is kept', () => {
    const { path, start, text } = open()
    const first = start()
    first.write(Buffer.from('one'))
    first.close()
    first.write(Buffer.from('lost'))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(text()).toBe('one')
    const second = start({ isAppended: true })
    second.write(Buffer.from('two'))
    second.close()
    expect(text()).toBe('onetwo')
    start().close()
    expect(text()).toBe('')
  })

  test('that has grown to its limit makes way for a new one', () => {
    const { path, start, text } = open({ size: 8 })
    const log = start()
    for (const one of ['12345', '678', '9', 'more than eight', 'x']) log.write(Buffer.from(one))
    log.close()
    expect([text(`${path}.1`), text()]).toEqual(['more than eight', 'x'])
  })

  test('up to its limit stays one file', () => {
    const { path, start, text } = open({ size: 8 })
    const log = start()
    for (const one of ['12345', '678']) log.write(Buffer.from(one))
    log.close()
    expect(text()).toBe('12345678')
    expect(() => text(`${path}.1`)).toThrow('ENOENT')
  })

  test('that was there counts towards its limit', () => {
    const { path, start, text } = open({ size: 8, isAppended: true })
    writeFileSync(path, '1234567')
    const log = start()
    log.write(Buffer.from('89'))
    log.close()
    expect([text(`${path}.1`), text()]).toEqual(['1234567', '89'])
  })

  test('that cannot be written is lost once, and told once', () => {
    const told: Diagnostic[] = []
    // A link: a fault of the rotation would rename the device of this host.
    const full = join(scratchFolder(), 'full')
    symlinkSync('/dev/full', full)
    const log = new LogFile({ path: full, isAppended: false, size: 1 }, (one) => told.push(one))
    log.write(Buffer.from('a'))
    log.write(Buffer.from('b'))
    expect(told.map(({ code }) => code)).toEqual(['CHARDEV_LOG_LOST'])
    expect(
      () => new LogFile({ path: '/nosuch/log', isAppended: false, size: 0 }, () => {}),
    ).toThrow('/nosuch/log')
  })
})

test('what happens is a line for people, and data for programs', () => {
  const idle = diagnose(ENDPOINT_KINDS.idle, { seconds: 2 })
  const tls = { protocol: 'TLSv1.3', suite: 'S', group: 'x25519', peer: {} }
  const EVENTS: readonly (readonly [object, string, object])[] = [
    [{ event: 'reached', place: 'h:1' }, 's0: reached h:1', { place: 'h:1' }],
    [
      { event: 'reached', place: 'h:1', tls },
      's0: reached h:1, secured by TLSv1.3 S x25519, peer without a certificate',
      { tls: { protocol: 'TLSv1.3', suite: 'S', group: 'x25519', peer: {} } },
    ],
    [
      { event: 'carried', sent: 3, received: 5 },
      's0: carried 3 bytes to it, 5 from it',
      { sent: 3, received: 5 },
    ],
    [
      { event: 'retrying', seconds: 4, diagnostics: [] },
      's0: it ended; next attempt in 4 s',
      { seconds: 4, diagnostics: [] },
    ],
    [
      { event: 'retrying', seconds: 4, diagnostics: [idle] },
      's0: nothing was sent or taken for 2 s [ENDPOINT_IDLE] (see --idle-limit); next attempt in 4 s',
      { diagnostics: [{ code: 'ENDPOINT_IDLE' }] },
    ],
    [
      { event: 'noticed', diagnostics: [idle] },
      's0: nothing was sent or taken for 2 s [ENDPOINT_IDLE] (see --idle-limit)',
      { diagnostics: [{ code: 'ENDPOINT_IDLE' }] },
    ],
    [
      { event: 'connected', connection: 3, from: '192.0.2.7:5' },
      's0 #3 192.0.2.7:5: connected',
      { connection: 3, from: '192.0.2.7:5' },
    ],
  ]
  for (const [event, line, facts] of EVENTS) {
    const told = { chardev: 's0', ...event } as ChardevEvent
    expect(printChardevEvent(told)).toBe(line)
    const json = JSON.parse(chardevEventToJson(told, new Date(0)))
    expect(json).toMatchObject({ time: '1970-01-01T00:00:00.000Z', chardev: 's0', ...facts })
  }
})
