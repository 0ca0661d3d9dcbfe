/**
 * Opens a TLS connection between two endpoints that obey a priority string, and says what they
 * negotiated.
 *
 *     node test/demo/connection.ts PRIORITY CONFIG
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { TLSSocket } from 'node:tls'
import forge from 'node-forge'
import { acceptTls, connectTls, parseSystemConfig, tlsOptionsFor } from '../../src/index.ts'

const [priority = 'NORMAL', path = ''] = process.argv.slice(2)
const config = parseSystemConfig({ name: path, text: readFileSync(path, 'utf8') })

/** A certificate for this run, signed by itself. */
function makeCertificate(): { key: string; cert: string } {
  const keys = forge.pki.rsa.generateKeyPair(3072)
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = keys.publicKey
  certificate.serialNumber = '01'
  certificate.validity.notAfter = new Date(Date.now() + 3_600_000)
  const name = [{ name: 'commonName', value: 'localhost' }]
  certificate.setSubject(name)
  certificate.setIssuer(name)
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true },
    { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
  ])
  certificate.sign(keys.privateKey, forge.md.sha256.create())
  return {
    key: forge.pki.privateKeyToPem(keys.privateKey),
    cert: forge.pki.certificateToPem(certificate),
  }
}

function describe(role: string, socket: TLSSocket): string {
  const { standardName } = socket.getCipher()
  return `${role}: ${socket.getProtocol()} ${standardName}`
}

const { key, cert } = makeCertificate()
const listener = createServer().listen(0, '127.0.0.1')
await once(listener, 'listening')
const { port } = listener.address() as { port: number }
const [server, client] = await Promise.all([
  once(listener, 'connection').then(([socket]) =>
    acceptTls(socket, tlsOptionsFor(priority, { role: 'server', config }), { key, cert }),
  ),
  connectTls(connect(port, '127.0.0.1'), tlsOptionsFor(priority, { role: 'client', config }), {
    ca: cert,
    servername: 'localhost',
  }),
])
client.write('guest memory')
const [data] = await once(server, 'data')
console.log(describe('server', server))
console.log(describe('client', client))
console.log(`group: ${(client.getEphemeralKeyInfo() as { name?: string }).name ?? 'hybrid'}`)
console.log(`received over it: ${data}`)
client.destroy()
server.destroy()
listener.close()
