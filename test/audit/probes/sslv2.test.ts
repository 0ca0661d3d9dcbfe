/** Servers that speak SSLv2, and what others say to its first message: draft-hickman-netscape-ssl-00. */
import { expect, test } from 'vitest'
import type { Answer } from '../../../src/audit/model.ts'
import { SERVER_FAILED } from '../../../src/audit/probes/answers.ts'
import { probeSslv2 } from '../../../src/audit/probes/sslv2.ts'
import { CLOSED, CUT, NO_VERSION, NOT_OFFERED, TIMED_OUT } from '../answers.ts'
import type { Script } from '../scripted/script.ts'
import { scripted } from '../scripted/server.ts'

const SCRIPT: Script = { versions: [0x0303], suites: [0xc02f], groups: [29] }

/** One cipher, no certificate, no connection identifier. */
const HELLO = ['04', '00', '00', '0002', '0000', '0003', '0000', '0700c0'].join('')
const unknown = (because: string): Answer => ({ answer: 'unknown', because })
const NO_SERVER_HELLO = unknown('the server sent what is no SERVER-HELLO of SSLv2')
const CUT_SHORT = unknown('the server sent a SERVER-HELLO of SSLv2 cut short after 0 bytes')
const bytes = (hex: string) => Buffer.from(hex, 'hex')
test.each<[string, Partial<Script>, readonly number[], Answer]>([
  ['lists its ciphers', { sslv2: [0x0700c0, 0x010080] }, [0x0700c0, 0x010080], NOT_OFFERED],
  ['names no cipher', { sslv2: [] }, [], unknown('the server speaks SSLv2, and names no cipher')],
  ['closes', {}, [], CLOSED],
  ['resets', { toSslv2: 'reset' }, [], CLOSED],
  ['says nothing', { toSslv2: 'silence' }, [], TIMED_OUT],
  ['sends an alert of TLS', { toSslv2: bytes('15030100020246') }, [], NO_VERSION],
  ['fails', { toSslv2: bytes('15030100020250') }, [], SERVER_FAILED],
  ['sends another record of TLS', { toSslv2: bytes('16030100040e000000') }, [], NOT_OFFERED],
  ['speaks another protocol', { toSslv2: bytes('323230207265616479') }, [], NOT_OFFERED],
  ['sends another message of SSLv2', { toSslv2: bytes('800401000000') }, [], NO_SERVER_HELLO],
  ['sends nothing in its record', { toSslv2: bytes('800004') }, [], CUT_SHORT],
  ['breaks off', { toSslv2: bytes('800404') }, [], CUT],
  ['breaks off within its header', { toSslv2: bytes('80') }, [], CUT],
  ['breaks off an alert of TLS', { toSslv2: bytes('150301') }, [], CUT],
  ['breaks off a record of TLS', { toSslv2: bytes('1503') }, [], CUT],
  ['breaks off behind its header', { toSslv2: bytes('8004') }, [], CUT],
  ['pads its record', { toSslv2: bytes(`001305${HELLO}0000000000`) }, [0x0700c0], NOT_OFFERED],
  ['pads its record with nothing', { toSslv2: bytes(`000e00${HELLO}`) }, [0x0700c0], NOT_OFFERED],
  ['breaks off a record with padding', { toSslv2: bytes(`001200${HELLO}`) }, [], CUT],
])('a server that %s', async (_, script, items, end) => {
  const { server } = scripted({ ...SCRIPT, ...script })
  const order = items.length > 0 ? 'client' : 'unknown'
  expect(await probeSslv2(server)).toEqual({ items, order, end })
})
