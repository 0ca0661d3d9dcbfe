import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MetricsServer } from '../../../src/monitor/metrics/metrics-server.ts'
import { scratchFolder } from '../../cli/command.ts'

test('of many requests on a connection the first alone is worked for', async () => {
  const path = join(scratchFolder(), 'metrics.sock')
  let printed = 0
  const families = () => {
    printed++
    return []
  }
  const server = new MetricsServer({ kind: 'unix', path }, { families })
  await server.listen()
  const said = await new Promise<string>((resolve) => {
    let text = ''
    const socket = connect({ path })
    socket
      .on('data', (bytes) => {
        text += bytes
      })
      .on('error', () => {})
      .on('close', () => resolve(text))
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(500))
  })
  expect(said.match(/^HTTP\/1\.1 200 /gm)).toHaveLength(1)
  expect(printed).toBe(1)
  await server.close(0)
})
