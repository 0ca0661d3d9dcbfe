/** What an audit of an SSH server finds: facts that are written as JSON. */

/** What a side offers for each direction, in its order of preference. */
type Directions = {
  readonly toServer: readonly string[]
  readonly toClient: readonly string[]
}

/** The server's SSH_MSG_KEXINIT. */
export type SshOffer = {
  readonly keyExchanges: readonly string[]
  readonly hostKeyAlgorithms: readonly string[]
  readonly ciphers: Directions
  readonly macs: Directions
  readonly compression: Directions
  /** Names among the key exchanges that are none: `ext-info-s`, `kex-strict-s-v00@openssh.com`. */
  readonly markers: readonly string[]
}

/** A fact, or the reason why it was not learnt. */
export type Learnt<Fact> = Fact | { readonly unknown: string }

export function isKnown<Fact>(learnt: Learnt<Fact>): learnt is Fact {
  return !(typeof learnt === 'object' && learnt !== null && 'unknown' in learnt)
}

export type SshHostKey = {
  /** The type of the key: `ssh-rsa`, whatever hash it signs with. */
  readonly type: string
  /** Its algorithms that the server offers. */
  readonly algorithms: readonly string[]
  readonly bits: number | undefined
  /** As `ssh-keygen -l` shows it. */
  readonly fingerprint: string
  /** Of a certificate: who signed it. */
  readonly authority: { readonly type: string; readonly bits: number | undefined } | undefined
}

/** What the server can do beyond the first messages: RFC 8308. */
export type SshExtensions = {
  /** Names in the server's order. */
  readonly names: readonly string[]
  /** Algorithms that users may sign with; undefined where the server does not tell. */
  readonly userSignatures: readonly string[] | undefined
}

export type SshScan = {
  /** `SSH-2.0-OpenSSH_9.2p1 Debian-2`. */
  readonly identification: string
  readonly offer: Learnt<SshOffer>
  /** Undefined where the server tells of none. */
  readonly extensions: Learnt<SshExtensions | undefined>
  /** One for each type of key that the server offers. */
  readonly hostKeys: readonly Learnt<SshHostKey>[]
  /** Bits of the smallest prime that the server gives to who asks for small ones; undefined without group exchange. */
  readonly smallestPrime: Learnt<number | undefined>
}
