/** Definitions of chardevs: QEMU itself says which it takes, and in which words it refuses the others. */
import { expect, test } from 'vitest'
import { defineChardev, parseChardev } from '../../../src/chardev/definition/parse-chardev.ts'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import { printDiagnostic } from '../../../src/diagnostics/print-diagnostic.ts'
import { parseMapping } from '../../../src/options/object-document.ts'
import { QEMU, runMonitor } from '../../migration/qemu.ts'
import { testWith } from '../../peers/peer.ts'

const HERE = 'host=127.0.0.1,port=0'

/** Both refuse them in these words. */
const REFUSED = [
  ['socket,id=s,host=127.0.0.1', 'chardev: socket: no port given'],
  ['socket,id=s,path=/x,host=1,port=2', "None or one of 'path', 'fd' or 'host' option required."],
  [
    'socket,id=s,host=127.0.0.1,port=1,wait=on',
    "'wait' option is incompatible with socket in client connect mode",
  ],
  [
    `socket,id=s,${HERE},server=on,wait=off,reconnect=3`,
    "'reconnect' option is incompatible with socket in server listen mode",
  ],
  [
    `socket,id=s,${HERE},server=on,wait=off,tls-authz=x`,
    "'tls_authz' option requires 'tls_creds' option",
  ],
  [
    'socket,id=s,path=/nowhere/s,server=on,wait=off,tls-creds=tls0',
    "'tls_creds' option is incompatible with 'unix' address type",
  ],
  [
    'socket,id=s,host=127.0.0.1,port=1,ipv4=off,ipv6=off',
    'Cannot disable IPv4 and IPv6 at same time',
  ],
  [`socket,id=s,${HERE},server=maybe`, "Parameter 'server' expects 'on' or 'off'"],
  [`socket,id=s,${HERE},mux=x`, "Parameter 'mux' expects 'on' or 'off'"],
  [`socket,id=s,${HERE},server=on,wait=off,foo=1`, "Invalid parameter 'foo'"],
  ['nonsense,id=s', "'nonsense' is not a valid char driver name"],
  ['id=s', 'chardev: "s" missing backend'],
  ['null', 'chardev: no id specified'],
  ['null,id=0x', "Parameter 'id' expects an identifier"],
  ['file,id=f', 'chardev: file: no filename given'],
  ['pipe,id=p', 'chardev: pipe: no device path given'],
  ['ringbuf,id=r,size=100', 'size of ringbuf chardev must be power of two'],
] as const

/** Both take them. */
const TAKEN = [
  `socket,id=a,${HERE},server=on,wait=off`,
  `socket,id=b,${HERE},server,nowait`,
  `socket,id=c,${HERE},server=on,wait=off,telnet=on,nodelay=on`,
  `socket,id=d,${HERE},server=on,wait=off,websocket=on,delay=off`,
  `socket,id=e,${HERE},server=on,wait=off,mux=on`,
  `socket,id=f,host=,port=0,server=on,wait=off,ipv4=on`,
  'socket,id=g,path=cryptopolicy-test-chardev,abstract=on,server=on,wait=off',
  'socket,id=h,host=127.0.0.1,port=1,reconnect=10',
  'null,id=i',
  'null,id=j,logfile=/dev/null,logappend=on',
  'ringbuf,id=k,size=64',
  'ringbuf,id=l',
  'memory,id=m,size=1K',
  'file,id=n,path=/dev/null',
  'pty,id=o',
  'backend=null,id=p',
] as const

function refusalOf(text: string): string {
  try {
    parseChardev(text)
  } catch (error) {
    if (error instanceof DiagnosticError) return error.message
    throw error
  }
  return 'taken'
}

test.each(REFUSED)('refuses %s', (text, message) => {
  expect(refusalOf(text)).toContain(message)
})

test.each(TAKEN)('takes %s', (text) => {
  expect(refusalOf(text)).toBe('taken')
})

testWith(QEMU, 'QEMU says the same of each', async () => {
  const credentials = 'object_add tls-creds-anon,id=tls0,endpoint=server'
  const texts = [...REFUSED.map(([text]) => text), ...TAKEN]
  const printed = await runMonitor(
    ['-machine', 'none'],
    [credentials, ...texts.map((text) => `chardev-add ${text}`)],
  )
  const answers = printed
    .split(/\(qemu\) /)
    .slice(2)
    .map((answer) => answer.split('\r\n').slice(1).join('\n'))
  for (const [index, [, message]] of REFUSED.entries()) expect(answers[index]).toContain(message)
  for (const [index, text] of TAKEN.entries()) {
    const answer = `${text}: ${answers[REFUSED.length + index]}`
    expect(answer).not.toMatch(/Error|not a valid|expects/)
  }
})

test('reads what QEMU takes', () => {
  const text = 'socket,id=s0,host=10.0.0.1,port=9000,tls-creds=tls0,server=on,wait=off'
  expect(parseChardev(text)).toMatchObject({
    ...{ id: 's0', backend: 'socket', isServer: true, isWaiting: false, credentials: 'tls0' },
    address: { kind: 'inet', host: '10.0.0.1', port: 9000 },
  })
  expect(parseChardev('socket,id=s,host=h,port=1,reconnect=2')).toMatchObject({ reconnect: 2000 })
  const options = 'host=h,port=1,reconnect-ms=250,nodelay=on,ipv6=on'
  expect(parseChardev(`socket,id=s,${options}`)).toMatchObject({
    ...{ reconnect: 250, hasNoDelay: true, isServer: false, isWaiting: false },
    address: { family: 6 },
  })
  expect(parseChardev('socket,id=s,host=::,port=5,to=9,server=on')).toMatchObject({
    address: { lastPort: 9 },
    isWaiting: true,
  })
})

test('what has no meaning is refused, so that nothing that was meant to be secured is in clear', () => {
  for (const text of [
    ...['pty,id=p,tls-creds=tls0', 'unix,id=u,path=/x,server=on,tls-creds=tls0'],
    ...[`socket,id=s,${HERE},tls-hostname=h`, 'socket,id=s,path=/x,port=2', 'null,id=n,path=/x'],
    ...[
      `socket,id=s,${HERE},mux=on`,
      `socket,id=s,${HERE},server=on,writer=none`,
      'pty,id=p,mux=on',
    ],
    ...[`socket,id=s,${HERE},tn3270=on`, 'udp,id=u,host=h,port=1', 'null,id=n,logappend=on'],
    ...['socket,id=s,host=h,port=99999', 'socket,id=s,host=h,port=http', 'socket,id=s,path='],
    ...[`socket,id=s,path=/${'x'.repeat(107)}`, 'ringbuf,id=r,size=9E', 'file,id=f,path='],
    ...['socket,id=s,host=h,port=18446744073709551617', 'socket,id=s,fd=9007199254740993'],
  ]) {
    expect(refusalOf(text), text).not.toBe('taken')
  }
})

test('a mistake is shown where it is, with the name that was meant', () => {
  try {
    parseChardev(`socket,id=s,${HERE},sevrer=on`)
    expect.unreachable()
  } catch (error) {
    const [diagnostic] = (error as DiagnosticError).diagnostics
    expect(diagnostic && printDiagnostic(diagnostic)).toBe(
      [
        "--chardev:1:42: error[CHARDEV_UNKNOWN_OPTION]: Invalid parameter 'sevrer'",
        ` 1 | socket,id=s,${HERE},sevrer=on`,
        '   |                                          ^^',
        'hint: did you mean server?',
      ].join('\n'),
    )
  }
})

test('a document says the same, with booleans of its own', () => {
  const text = 'backend: socket\nid: s0\nhost: 10.0.0.1\nport: 9000\nserver: true\nwait: off\n'
  const written = defineChardev(parseMapping({ name: 'host.yaml', text }))
  const { span: _, ...definition } = written
  const { span: __, ...same } = parseChardev(
    'socket,id=s0,host=10.0.0.1,port=9000,server=on,wait=off',
  )
  expect(definition).toEqual(same)
  const wrong = { name: 'host.yaml', text: 'backend: pty\nid: p\nhost: 10.0.0.1\n' }
  expect(() => defineChardev(parseMapping(wrong))).toThrow("'host' is of no use with back-end pty")
})
