/** Runs a TLS server within this process and asks it what it would negotiate. */
import { once } from 'node:events'
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

/** Begins a session of TLS within its protocol ("SSL Session Encryption"). */
const POSTGRESQL_SSL_REQUEST = Buffer.from('0000000804d2162f', 'hex')

/** A server of PostgreSQL, which has to be asked for TLS first. */
export function probePostgresql(port: number): Probe {
  return async (offer) => {
    const socket = connect(port, '127.0.0.1')
    socket.write(POSTGRESQL_SSL_REQUEST)
    const [reply] = (await once(socket, 'data')) as [Buffer]
    if (reply.toString() !== 'S') throw new Error('the server speaks no TLS')
    return askOver(socket, offer)
  }
}

/** The flags of a client of NBD, and the option that asks for TLS (the NBD protocol, "Option types": NBD_OPT_STARTTLS). */
const NBD_STARTTLS = Buffer.from(`00000003${hexOf('IHAVEOPT')}0000000500000000`, 'hex')
/** What a server sends up to TLS: its greeting of 18 bytes, then a reply whose type stands behind magic and option. */
const NBD_REPLY = { end: 38, type: 30, acknowledged: 1 } as const

/** A server of NBD, which has to be asked for TLS first. */
export function probeNbd(port: number): Probe {
  return async (offer) => {
    const socket = connect(port, '127.0.0.1')
    socket.write(NBD_STARTTLS)
    let told = Buffer.alloc(0)
    while (told.length < NBD_REPLY.end) {
      const [part] = (await once(socket, 'data')) as [Buffer]
      told = Buffer.concat([told, part])
    }
    if (told.readUInt32BE(NBD_REPLY.type) !== NBD_REPLY.acknowledged) throw new Error('no TLS')
    return askOver(socket, offer)
  }
}

function hexOf(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex')
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
