/**
 * Sessions of our credentials as a program of its own, so that its Node.js can be started in other ways.
 * It prints what came of each connection: `pass`, or the code of the refusal.
 *
 *     node session-endpoint.ts server DIR          prints its port first
 *     node session-endpoint.ts client DIR PORT...  connects to each of the ports, one after the other
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import type { TlsSession } from '../../../src/tls/credentials/tls-session.ts'
import { parseObject } from '../../../src/tls/objects/parse-object.ts'
import { TlsObjects } from '../../../src/tls/objects/tls-objects.ts'

const [role = '', dir, ...ports] = process.argv.slice(2)
const object = `tls-creds-x509,id=tls0,dir=${dir},endpoint=${role},priority=NORMAL,sanity-check=off`
const objects = TlsObjects.create([parseObject(object)])

async function tell(session: Promise<TlsSession>): Promise<void> {
  try {
    const { socket } = await session
    console.log('pass')
    socket.on('error', () => {}).end('hello\n')
  } catch (error) {
    console.log(error instanceof DiagnosticError ? error.diagnostics[0]?.code : error)
  }
}

async function serve(): Promise<void> {
  const credentials = objects.credentials('tls0', 'server')
  const server = createServer({ noDelay: true }, (connection) => {
    connection.on('error', () => {})
    void tell(credentials.accept(connection))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  console.log((server.address() as AddressInfo).port)
}

async function visit(): Promise<void> {
  const credentials = objects.credentials('tls0', 'client')
  for (const port of ports) {
    const connection = connect(Number(port), '127.0.0.1')
    connection.on('error', () => {})
    await once(connection, 'connect')
    await tell(credentials.connect(connection, { hostname: 'localhost' }))
  }
  objects.close()
}

await (role === 'server' ? serve() : visit())
