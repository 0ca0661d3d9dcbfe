/** Servers that speak SSLv2, and what others say to its first message: draft-hickman-netscape-ssl-00. */
import { expect, test } from 'vitest'
import type { Answer } from '../../../src/audit/model.ts'
import { SERVER_FAILED } from '../../../src/audit/probes/answers.ts'
import { probeSslv2 } from '../../../src/audit/probes/sslv2.ts'
import { CLOSED, NO_VERSION, NOT_OFFERED, TIMED_OUT } from '../answers.ts'
import type { Script } from '../scripted/script.ts'
import { scripted } from '../scripted/server.ts'

const SCRIPT: Script = { versions: [0x0303], suites: [0xc02f], groups: [29] }

const bytes = (hex: string) => Buffer.from(hex, 'hex')
test.each<[string, Partial<Script>, readonly number[], Answer]>([
  ['lists its ciphers', { sslv2: [0x0700c0, 0x010080] }, [0x0700c0, 0x010080], NOT_OFFERED],
  ['has no cipher of it', { sslv2: [] }, [], NOT_OFFERED],
  ['closes', {}, [], CLOSED],
  ['resets', { toSslv2: 'reset' }, [], CLOSED],
  ['says nothing', { toSslv2: 'silence' }, [], TIMED_OUT],
  ['sends an alert of TLS', { toSslv2: bytes('15030100020246') }, [], NO_VERSION],
  ['fails', { toSslv2: bytes('15030100020250') }, [], SERVER_FAILED],
  ['sends another record of TLS', { toSslv2: bytes('16030100040e000000') }, [], NOT_OFFERED],
  ['speaks another protocol', { toSslv2: bytes('323230207265616479') }, [], NOT_OFFERED],
  ['sends another message of SSLv2', { toSslv2: bytes('800401000000') }, [], NOT_OFFERED],
  ['breaks off', { toSslv2: bytes('800404') }, [], CLOSED],
])('a server that %s', async (_, script, items, end) => {
  const { server } = scripted({ ...SCRIPT, ...script })
  const order = script.sslv2 ? 'client' : 'unknown'
  expect(await probeSslv2(server)).toEqual({ items, order, end })
})
