/** What both sides of a scripted server need: one connection of it. */
import type { TlsChannel } from '../../../src/audit/conversation/tls-channel.ts'
import type { ClientHello } from '../../../src/audit/messages/client-hello.ts'
import { protocolsOf } from './choice.ts'
import type { Script } from './script.ts'
import type { Wire } from './wire.ts'

type Session = { readonly master: Buffer; readonly suite: number }

/** What a server keeps from one connection to the next. */
export class Memory {
  /** By session ID in hexadecimal. */
  readonly sessions = new Map<string, Session>()
  /** That of the newest ticket. */
  ofTicket: Session | undefined
  #count = 0

  /** One that no session had. */
  nextId(): Buffer {
    return Buffer.alloc(32, ++this.#count)
  }
}

export type Side = {
  readonly script: Script
  readonly channel: TlsChannel
  readonly wire: Wire
  readonly memory: Memory
}

export const RANDOM = Buffer.alloc(32, 7)

/** They protect nothing. */
export const seeded = (length: number) => Buffer.alloc(length, 0x55)

/** No certificate that can be read: chains have tests of their own. */
const CHAIN: readonly Buffer[] = [Buffer.alloc(100, 0x30)]

export function certificatesOf({ certificates }: Script, suite: number): readonly Buffer[] {
  return certificates?.(suite) ?? CHAIN
}

/** RFC 7301 section 3.2; undefined where the server passes over it. */
export function protocolFor(
  { protocols, otherProtocol }: Script,
  hello: ClientHello,
): string | undefined {
  const offered = protocolsOf(hello)
  if (!offered || !protocols) return undefined
  return protocols.find((name) => offered.includes(name)) ?? otherProtocol
}
