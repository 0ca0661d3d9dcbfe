/**
 * Records what a real server says to an upgrade: `node test/audit/upgrades/record.ts SCHEME PORT FILE SERVER`
 * writes `FILE.begin.flow` and, where the protocol can be tried without TLS, `FILE.clear.flow`.
 */
import { writeFileSync } from 'node:fs'
import { upgradeOf } from '../../../src/audit/upgrades/all-upgrades.ts'
import { ByteChannel, type ByteExchange } from '../../../src/net/byte-channel.ts'
import { dial } from '../../../src/net/dial.ts'
import { printFlow, record } from '../flow.ts'

const [scheme = '', port = '', file = '', server = ''] = process.argv.slice(2)
const upgrade = upgradeOf(scheme)
if (!upgrade) throw new Error(`no scheme ${scheme}`)
const target = { host: 'localhost' }
await save('begin', (exchange) => upgrade.begin(exchange, target))
const { tryClearText } = upgrade
if (tryClearText) await save('clear', (exchange) => tryClearText(exchange, target))

async function save(name: string, use: (exchange: ByteExchange) => Promise<unknown>) {
  const address = { kind: 'tcp', host: '127.0.0.1', port: Number(port) } as const
  const socket = await dial(address, { timeout: 10_000 })
  const { exchange, turns } = record(new ByteChannel(socket))
  const result = await use(exchange)
  socket.destroy()
  writeFileSync(`${file}.${name}.flow`, printFlow({ server, result, turns }))
  console.log(file, name, JSON.stringify(result))
}
