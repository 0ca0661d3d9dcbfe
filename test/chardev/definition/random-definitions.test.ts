/** A hundred definitions, drawn at random: QEMU and ours take the same, but for the departures that the manual tells. */
import { expect } from 'vitest'
import { parseChardev } from '../../../src/chardev/definition/parse-chardev.ts'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import { QEMU, runMonitor } from '../../migration/qemu.ts'
import { testWith } from '../../peers/peer.ts'
import { fc } from '../../seed.ts'

const FLAGS = ['on', 'off', 'yes', 'no', 'true', 'false', 'y', 'n', 'maybe', '']

const VALUES: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    ['telnet', 'websocket', 'nodelay', 'delay', 'ipv4', 'ipv6', 'mux', 'append', 'logappend'].map(
      (name) => [name, FLAGS],
    ),
  ),
  to: ['10', 'x'],
  reconnect: ['0', '5', '-1', 'x', '1.5'],
  logfile: ['/dev/null', ''],
  'tls-creds': ['tls0', 'none'],
  'tls-authz': ['authz0'],
  size: ['64', '100', '1K', '1k', '0', 'x', '1.5K', '0x40', '1M', '2048B', '0.5K', '1.5'],
  width: ['10'],
  foo: ['1'],
}

const BACKENDS: Readonly<Record<string, string>> = {
  ...{ socket: ',host=127.0.0.1,port=0,server=on,wait=off', ringbuf: '', null: '', pty: '' },
  ...{ file: ',path=/dev/null', memory: '', nonsense: '' },
}

const OPTION = fc
  .constantFrom(...Object.keys(VALUES))
  .chain((name) => fc.tuple(fc.constant(name), fc.constantFrom(...(VALUES[name] ?? []))))

const BACKEND = fc.oneof(
  { weight: 2, arbitrary: fc.constant('socket') },
  { weight: 3, arbitrary: fc.constantFrom(...Object.keys(BACKENDS)) },
)

const DEFINITION = fc.tuple(
  BACKEND,
  fc.uniqueArray(OPTION, { maxLength: 2, selector: ([name]) => name }),
)

/** Refused here alone, and told in the manual: what means nothing, and mux=on of one program. */
function isDeparture(error: unknown): boolean {
  if (!(error instanceof DiagnosticError)) throw error
  const [{ code, message } = { code: '', message: '' }] = error.diagnostics
  return code === 'CHARDEV_USELESS_OPTION' || message.startsWith("'mux' is for a socket")
}

/** Of the objects that it names: they are looked up when it is opened. */
const OPENED = /No TLS credentials|address resolution failed|Could not create/

testWith(QEMU, 'QEMU takes what ours takes, and refuses what ours refuses', async () => {
  const texts = fc
    .sample(DEFINITION, 100)
    .map(([backend, options], index) =>
      [
        `${backend}${BACKENDS[backend]}`,
        `id=i${index}`,
        ...options.map((one) => one.join('=')),
      ].join(','),
    )
  const printed = await runMonitor(
    ['-machine', 'none', '-object', 'tls-creds-anon,id=tls0,endpoint=server'],
    texts.map((text) => `chardev-add ${text}`),
  )
  const answers = printed.split(/\(qemu\) /).slice(1)
  for (const [index, text] of texts.entries()) {
    const answer = answers[index]?.split('\r\n').slice(1).join(' ').trim() ?? ''
    const isTaken = answer === '' || answer.startsWith('char device redirected')
    let error: unknown
    try {
      parseChardev(text)
    } catch (refusal) {
      error = refusal
    }
    const said = `${text}: ${answer} ${String(error)}`
    if (error === undefined) expect(isTaken || OPENED.test(answer), said).toBe(true)
    else if (isTaken) expect(isDeparture(error), said).toBe(true)
  }
})
