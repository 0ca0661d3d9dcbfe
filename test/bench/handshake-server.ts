/** Accepts TLS from its first byte, as our endpoints do, and says nothing: `PORT KEYS`. */
import { createServer } from 'node:net'
import { parseObject } from '../../src/tls/objects/parse-object.ts'
import { TlsObjects } from '../../src/tls/objects/tls-objects.ts'

const [port, keys] = process.argv.slice(2)
const object = `tls-creds-x509,id=tls0,dir=${keys},endpoint=server,priority=NORMAL,verify-peer=off`
const credentials = TlsObjects.create([parseObject(object)]).credentials('tls0', 'server')

createServer({ noDelay: true }, (connection) => {
  connection.on('error', () => {})
  credentials.accept(connection).then(
    ({ socket }) => socket.on('error', () => {}).resume(),
    () => {},
  )
}).listen(Number(port), '127.0.0.1')
