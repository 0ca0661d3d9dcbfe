/** A process with so many descriptors left, which listens, and tells what became of it in lines. */
import { closeSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { Listener } from '../../src/endpoint/listener.ts'
import { takeDescriptors } from '../files/take-descriptors.ts'

const listener = new Listener({
  handle: () => ({
    run: async (connection) => {
      connection.close(connection.socket)
      return 'closed'
    },
    drain: () => false,
    wasUsed: true,
  }),
  onEvent: ({ event }) => console.log(event),
})
const left = Number(process.argv[2])
// What the runtime opens when it is first used is open before.
console.log('begins')
for (const descriptor of takeDescriptors().slice(0, left)) closeSync(descriptor)
try {
  const { port } = (await listener.listen({ host: '127.0.0.1', port: 0 })) as AddressInfo
  console.log(`listens ${port}`)
} catch (error) {
  console.log(error instanceof DiagnosticError ? error.message : error)
}
