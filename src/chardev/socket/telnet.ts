/**
 * Telnet over a connection, RFC 854: commands are taken out of what is received, and a byte 255 that is sent
 * is doubled. The negotiation is the one of QEMU's telnet chardevs: a server offers to echo, to suppress
 * go-ahead and to be binary, and asks for binary; a client waits.
 */
import type { Duplex } from 'node:stream'
import { LayeredStream } from '../end/layered-stream.ts'

/** RFC 854, "TELNET Command Structure". */
const TELNET = { SE: 240, SB: 250, WILL: 251, WONT: 252, DO: 253, DONT: 254, IAC: 255 } as const

/** RFC 856, 857, 858. */
const OPTION = { BINARY: 0, ECHO: 1, SUPPRESS_GO_AHEAD: 3 } as const

const { IAC, WILL, DO } = TELNET

/** As QEMU sends them. */
const OFFER = Buffer.from([
  ...[IAC, WILL, OPTION.ECHO, IAC, WILL, OPTION.SUPPRESS_GO_AHEAD],
  ...[IAC, WILL, OPTION.BINARY, IAC, DO, OPTION.BINARY],
])

/** Options that either side may turn on. */
const AGREED: ReadonlySet<number> = new Set(Object.values(OPTION))

/** Takes commands out of what is received; answers those that ask for what is not here. */
class TelnetDecoder {
  readonly #answer: (bytes: Buffer) => void
  /** Each is refused once, so that a flood of questions makes no flood of answers. */
  readonly #refused = new Set<number>()
  #state: 'data' | 'command' | 'option' | 'subnegotiation' | 'subcommand' = 'data'
  #verb = 0

  constructor(answer: (bytes: Buffer) => void) {
    this.#answer = answer
  }

  /** @returns the bytes that are no command. */
  decode(bytes: Buffer): Buffer {
    if (this.#state === 'data' && !bytes.includes(IAC)) return bytes
    const kept = Buffer.allocUnsafe(bytes.length)
    let length = 0
    for (const byte of bytes) if (this.#isData(byte)) kept[length++] = byte
    return kept.subarray(0, length)
  }

  #isData(byte: number): boolean {
    switch (this.#state) {
      case 'data':
        if (byte !== IAC) return true
        this.#state = 'command'
        return false
      case 'command':
        return this.#readCommand(byte)
      case 'option':
        this.#state = 'data'
        this.#refuse(byte)
        return false
      case 'subnegotiation':
        if (byte === IAC) this.#state = 'subcommand'
        return false
      case 'subcommand':
        this.#state = byte === TELNET.SE ? 'data' : 'subnegotiation'
        return false
    }
  }

  #readCommand(byte: number): boolean {
    if (byte === TELNET.SB) this.#state = 'subnegotiation'
    else if (byte >= WILL && byte < IAC) {
      this.#state = 'option'
      this.#verb = byte
    } else this.#state = 'data'
    return byte === IAC
  }

  #refuse(option: number): void {
    const isAsking = this.#verb === DO || this.#verb === WILL
    const key = this.#verb * 256 + option
    if (!isAsking || AGREED.has(option) || this.#refused.has(key)) return
    this.#refused.add(key)
    this.#answer(Buffer.from([IAC, this.#verb === DO ? TELNET.WONT : TELNET.DONT, option]))
  }
}

/** Doubles the byte 255. */
function escapeTelnet(bytes: Buffer): Buffer {
  let count = 0
  for (const byte of bytes) if (byte === IAC) count++
  if (count === 0) return bytes
  const escaped = Buffer.allocUnsafe(bytes.length + count)
  let at = 0
  for (const byte of bytes) {
    escaped[at++] = byte
    if (byte === IAC) escaped[at++] = IAC
  }
  return escaped
}

/** The stream of data over a connection that speaks telnet. */
export function speakTelnet(connection: Duplex, isServer: boolean): Duplex {
  // A peer may still ask when it was told that nothing more comes.
  const answer = (bytes: Buffer): void => void (connection.writable && connection.write(bytes))
  const decoder = new TelnetDecoder(answer)
  const received = (bytes: Buffer): Buffer => decoder.decode(bytes)
  const stream = new LayeredStream(connection, { received, sent: (bytes) => [escapeTelnet(bytes)] })
  // Within TLS where there is TLS; QEMU sends it in clear there, which no client understands.
  if (isServer) connection.write(OFFER)
  return stream
}
