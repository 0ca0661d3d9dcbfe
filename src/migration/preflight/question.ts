/**
 * Asks by UDP whether a preflight listens, before a connection is made.
 *
 * A QEMU that waits with `-incoming` takes the first connection as its migration, and ends when that
 * is no migration. A datagram does not reach it. The answer is as long as the question, so that no
 * stranger can have the listener send more than was sent to it.
 */
import { randomBytes } from 'node:crypto'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const QUESTION = Buffer.from('cryptopolicy preflight?')
const ANSWER = Buffer.from('cryptopolicy preflight!')

/** Of the random bytes that an answer has to repeat. */
const NONCE_SIZE = 16

/** How often a question is sent: datagrams may be lost. */
const ATTEMPTS = 3

/** Answers questions at the address and port of a listener. */
export class QuestionResponder {
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('message', (message, from) => this.#answer(message, from))
    // An answer that cannot be sent is one that is lost.
    socket.on('error', () => {})
  }

  /** @throws the error of the system where the port is in use. */
  static async listen(address: string, port: number): Promise<QuestionResponder> {
    const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4' })
    const bound = once(socket, 'listening')
    socket.bind({ address, port, exclusive: true })
    await bound.catch((error) => {
      socket.close()
      throw error
    })
    return new QuestionResponder(socket)
  }

  close(): void {
    this.#socket.close()
  }

  #answer(message: Buffer, { address, port }: RemoteInfo): void {
    const isQuestion = message.subarray(0, -NONCE_SIZE).equals(QUESTION)
    if (!isQuestion) return
    const nonce = message.subarray(-NONCE_SIZE)
    this.#socket.send(Buffer.concat([ANSWER, nonce]), port, address, () => {})
  }
}

/**
 * Whether a preflight answers at an address.
 *
 * @param patience How long to wait for an answer to each of three questions, in milliseconds.
 */
export async function isListening(
  { address, port }: { readonly address: string; readonly port: number },
  patience: number,
): Promise<boolean> {
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4' })
  const nonce = randomBytes(NONCE_SIZE)
  const expected = Buffer.concat([ANSWER, nonce])
  const answered = new AbortController()
  socket.on('message', (message, from) => {
    if (from.port === port && message.equals(expected)) answered.abort()
  })
  socket.on('error', () => {})
  try {
    for (let attempt = 0; attempt < ATTEMPTS && !answered.signal.aborted; attempt++) {
      socket.send(Buffer.concat([QUESTION, nonce]), port, address, () => {})
      await delay(patience, undefined, { signal: answered.signal }).catch(() => {})
    }
    return answered.signal.aborted
  } finally {
    socket.close()
  }
}
