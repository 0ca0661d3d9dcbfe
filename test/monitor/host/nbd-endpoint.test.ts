/** The NBD server of a host while several clients of monitors start and stop it. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { HostEndpoints } from '../../../src/monitor/host/host-endpoints.ts'
import { NBD_CMD } from '../../../src/nbd/protocol/constants.ts'
import { scratchFolder } from '../../cli/command.ts'
import { RawTransmission } from '../../nbd/server/raw-transmission.ts'

const { READ, WRITE } = NBD_CMD

test('none is started while one waits for its clients, and both who stop it wait for its end', async () => {
  const host = new HostEndpoints()
  onTestFinished(() => host.close())
  const { nodes, nbd } = host
  await nodes.add({ driver: 'memory', size: 1_048_576, name: 'n0' })
  const address = { kind: 'unix', path: join(scratchFolder(), 'nbd.sock') } as const
  const begin = async () => {
    await nbd.start({ address })
    nbd.addExport({ id: 'e0', nodeName: 'n0', name: '', isWritable: true })
  }
  await begin()
  const client = await RawTransmission.open(address.path, 'simple')
  const [read, write] = [
    { command: READ, length: 1 },
    { command: WRITE, payload: randomBytes(20_000) },
  ]
  client.client.send(client.encode(read), client.encode(write).subarray(0, 10_000))
  await client.readReply()
  const stopped = nbd.stop(240_000)
  await expect(nbd.start({ address })).rejects.toThrow('NBD server already running')
  await nbd.stop(10)
  expect(nbd.exports).toEqual([])
  await begin()
  await stopped
  expect(nbd.exports).toHaveLength(1)
  client.client.stream.destroy()
})
