/**
 * A process with few descriptors that listens at several places. A client that says a byte is let in, and hears
 * `in`. Each line of standard input asks how many more files the process can open.
 */
import { closeSync, openSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { Listener } from '../../src/endpoint/listener.ts'

const listeners = Array.from(
  { length: Number(process.argv[2]) },
  () =>
    new Listener({
      handshakeLimit: 0,
      clientsBegin: true,
      handle: () => ({
        run: async (connection) => {
          const { socket } = connection
          const gone = new Promise((resolve) => socket.once('close', resolve))
          const spoken = new Promise((resolve) => socket.once('data', resolve))
          socket.resume()
          await Promise.race([gone, spoken])
          await connection.letIn()
          socket.write('in')
          await gone
          return 'closed'
        },
        drain: () => false,
        wasUsed: true,
      }),
    }),
)

/** By the judgement of the system: what it opens until it refuses. */
function countFree(): number {
  const open: number[] = []
  try {
    for (;;) open.push(openSync('/dev/null', 'r'))
  } catch {
    for (const descriptor of open) closeSync(descriptor)
    return open.length
  }
}

const input = createInterface({ input: process.stdin })
input.on('line', () => console.log(`free ${countFree()}`))
const ports: number[] = []
for (const listener of listeners) {
  const { port } = (await listener.listen({ host: '127.0.0.1', port: 0 })) as AddressInfo
  ports.push(port)
}
console.log(`listens ${ports.join(' ')}`)
