/** Runs a TLS server within this process and asks it what it would negotiate. */
import { connect } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { createServer, type Server, type TlsOptions } from 'node:tls'
import { encodeClientHello, type Offer } from './client-hello.ts'
import { type Answer, readAnswer } from './server-answer.ts'

/** Sends one ClientHello and gives what the server chose, or undefined where it refused. */
export type Probe = (offer: Offer) => Promise<Answer | undefined>

/** A server that any number of probes can be sent to. */
export function startProbing(options: TlsOptions): Probe {
  const server = createServer(options)
  server.on('tlsClientError', () => {})
  return (offer) => ask(server, offer)
}

/** A server of another process. */
export function probePort(port: number): Probe {
  return (offer) => askOver(connect(port, '127.0.0.1'), offer)
}

async function ask(server: Server, offer: Offer): Promise<Answer | undefined> {
  const [near, far] = duplexPair()
  server.emit('connection', far)
  try {
    return await askOver(near, offer)
  } finally {
    far.destroy()
  }
}

function askOver(near: Duplex, offer: Offer): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const finish = (answer: Answer | undefined): void => {
      resolve(answer)
      near.destroy()
    }
    near.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      const answer = readAnswer(Buffer.concat(chunks))
      if (answer !== undefined) finish(answer ?? undefined)
    })
    near.on('end', () => finish(undefined))
    near.on('close', () => finish(undefined))
    near.on('error', () => finish(undefined))
    near.write(encodeClientHello(offer))
  })
}
