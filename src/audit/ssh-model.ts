/** What an audit of an SSH server finds: facts that are written as JSON. */
import type { Answer } from './model.ts'

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

/** A fact, or what became of the question instead. */
export type Learnt<Fact> = Fact | Answer

export function isKnown<Fact>(learnt: Learnt<Fact>): learnt is Fact {
  return !(typeof learnt === 'object' && learnt !== null && 'answer' in learnt)
}

type SshHostKey = {
  /** Null of a type whose form is not known. */
  readonly bits: number | null
  /** As `ssh-keygen -l` shows it. */
  readonly fingerprint: string
  /** Of a certificate: the key that signed it. */
  readonly authority: { readonly type: string; readonly bits: number | null } | null
}

/** What the server can do beyond the first messages: RFC 8308. */
export type SshExtensions = {
  /** Names in the server's order. */
  readonly names: readonly string[]
  /**
   * Algorithms that users may sign with, as the server tells them; null where it does not. OpenSSH before 9.6
   * tells all that it knows, whatever its configuration allows.
   */
  readonly userSignatures: readonly string[] | null
}

/** Whether what a server tells of `userSignatures` is more than it takes. */
export function tellsAllItKnows(identification: string): boolean {
  const [, major, minor] = /OpenSSH_(\d+)\.(\d+)/.exec(identification) ?? []
  return major !== undefined && Number(major) * 100 + Number(minor) < 906
}

/** A type of key that the server offers, and the key of that type. */
export type SshHostKeyResult = {
  /** The type of the key: `ssh-rsa`, whatever hash it signs with. */
  readonly type: string
  /** Its algorithms that the server offers. */
  readonly algorithms: readonly string[]
  readonly key: Learnt<SshHostKey>
  /** The question that showed it, or should have, as the evidence calls it. */
  readonly question: string
}

/** How the question ends that asked for a prime as well. */
export const ASKS_FOR_PRIME = ', smallest prime'

export type SshScan = {
  /** `SSH-2.0-OpenSSH_9.2p1 Debian-2`. */
  readonly identification: string
  readonly offer: Learnt<SshOffer>
  /** Not offered where the server tells of none. */
  readonly extensions: Learnt<SshExtensions>
  /** One for each type of key that the server offers. */
  readonly hostKeys: readonly SshHostKeyResult[]
  /** Bits of the smallest prime that the server gives in a group exchange. */
  readonly smallestPrime: Learnt<number>
}
