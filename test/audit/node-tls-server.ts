/** A server of the TLS of Node.js in this process, at the other end of a connection of the audit. */
import { Duplex } from 'node:stream'
import { createSecureContext, TLSSocket, type TLSSocketOptions } from 'node:tls'
import { onTestFinished } from 'vitest'
import type { Transport } from '../../src/audit/connection/transport.ts'

/** It sends back what it gets, and closes where it requires a certificate that it does not get. */
export function connectToNode(options: TLSSocketOptions): {
  readonly transport: Transport
  readonly socket: TLSSocket
} {
  const ready: Buffer[] = []
  let wake = () => {}
  let isEnded = false
  const end = () => {
    isEnded = true
    wake()
  }
  const wire = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _, done) => {
      ready.push(chunk)
      wake()
      done()
    },
    final: (done) => {
      end()
      done()
    },
  })
  const secureContext = createSecureContext(options)
  const socket = new TLSSocket(wire, { ...options, isServer: true, secureContext })
  socket.on('error', end).on('close', end)
  socket.on('end', () => socket.end())
  socket.on('secure', () => {
    const isRefused = options.rejectUnauthorized && !socket.authorized
    if (options.requestCert && isRefused) socket.destroy()
  })
  socket.on('data', (data: Buffer) => socket.write(data))
  onTestFinished(() => void socket.destroy())
  const transport: Transport = {
    limitSilence: () => {},
    close: () => socket.destroy(),
    send: (bytes) => void (isEnded || wire.push(bytes)),
    receive: async () => {
      while (ready.length === 0 && !isEnded) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return ready.shift() ?? 'closed'
    },
  }
  return { transport, socket }
}
