/**
 * Records what a real server says to an upgrade: `node test/audit/upgrades/record.ts SCHEME PORT FILE SERVER`
 * writes `FILE.begin.flow` and, where the protocol can be tried without TLS, `FILE.clear.flow`.
 */
import { writeFileSync } from 'node:fs'
import type { ClearExchange } from '../../../src/audit/connection/clear-exchange.ts'
import { Connections } from '../../../src/audit/connection/connections.ts'
import { DEFAULT_LIMITS, DialedSource } from '../../../src/audit/connection/dialed-source.ts'
import { upgradeOf } from '../../../src/audit/upgrades/all-upgrades.ts'
import { printFlow, record } from '../flow.ts'

const [scheme = '', port = '', file = '', server = ''] = process.argv.slice(2)
const upgrade = upgradeOf(scheme)
if (!upgrade) throw new Error(`no scheme ${scheme}`)
const target = { host: 'localhost' }
await save('begin', (exchange) => upgrade.begin(exchange, target))
const { tryClearText } = upgrade
if (tryClearText) await save('clear', (exchange) => tryClearText(exchange, target))

async function save(name: string, use: (exchange: ClearExchange) => Promise<unknown>) {
  const address = { kind: 'tcp', host: '127.0.0.1', port: Number(port) } as const
  const source = new DialedSource(address, DEFAULT_LIMITS)
  const connections = new Connections({ source, seed: Buffer.alloc(32) })
  const asked = await connections.ask(name, async (live) => {
    const { exchange, turns } = record(live)
    return { result: await use(exchange), turns }
  })
  if (!asked.isAnswered) throw new Error(JSON.stringify(asked.failure))
  writeFileSync(`${file}.${name}.flow`, printFlow({ server, ...asked.value }))
  console.log(file, name, JSON.stringify(asked.value.result))
}
