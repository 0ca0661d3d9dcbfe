/** Thrown where bytes break the protocol; the peer is at fault, and nothing it sends can be trusted. */
export class ProtocolError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ProtocolError'
  }
}

/** Refuses what breaks the protocol, in words that go on after "the peer sent". */
export function refuse(what: string): never {
  throw new ProtocolError(what)
}
