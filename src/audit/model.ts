/**
 * What a scan learnt of one server: plain data, as it is printed under --json.
 *
 * Nothing is left out: what was not learnt has an answer that says why.
 */
import type { Failure } from './connection/failure.ts'

/** What became of a question to the server. These words never stand for one another. */
export type Answer =
  | { readonly answer: 'accepted' }
  /** The server goes on without it, or has said that it has none. */
  | { readonly answer: 'not-offered' }
  | {
      readonly answer: 'refused'
      /** The number of the alert; null where the server closed the connection without one. */
      readonly alert: number | null
      /** The name of the alert in the IANA registry. */
      readonly name: string | null
    }
  | { readonly answer: 'rate-limited' }
  | { readonly answer: 'timed-out' }
  | { readonly answer: 'unknown'; readonly because: string }

/** Something that the IANA registries number. */
export type Numbered = {
  readonly number: number
  /** The name of the registry; `0x1234` where it has none. */
  readonly name: string
}

/** Who decides what is chosen of what both sides have. */
export type Order = 'server' | 'client' | 'unknown'

/** What a server accepts of a kind, asked until it accepted no more. */
export type Enumeration<Item> = {
  /** In the server's order, or in the order that the client offered them in. */
  readonly items: readonly Item[]
  readonly order: Order
  /** Of the last question: where it was neither refused nor not offered, items may be missing. */
  readonly end: Answer
}

export type VersionResult = Numbered & { readonly result: Answer }

/** Suites of one version. */
type SuiteEnumeration = Enumeration<Numbered> & { readonly version: string }

/** Groups of one version. */
export type GroupEnumeration = Enumeration<Numbered> & { readonly version: string }

/** Signature schemes of one version. */
export type SchemeEnumeration = Enumeration<Numbered> & { readonly version: string }

/** A finite-field exchange before TLS 1.3. */
export type DiffieHellman = {
  readonly version: string
  /** Bits of the prime. */
  readonly bits: number
  /** The group of RFC 7919 that has this prime. */
  readonly group: string | null
}

/** One certificate as it was sent. */
export type CertificateResult = {
  readonly subject: string
  readonly issuer: string
  /** Whether its own key has signed it: names alone do not say so. */
  readonly isSelfSigned: boolean
  /** In hexadecimal. */
  readonly serial: string
  /** ISO 8601. */
  readonly notBefore: string
  readonly notAfter: string
  /** `rsa`, `rsa-pss`, `ec`, `ed25519`, `ed448`, `dsa`, `ml-dsa-65`, ... */
  readonly keyType: string
  /** Bits of an RSA or DSA key or of the field of a curve; null where the type says it. */
  readonly keyBits: number | null
  readonly curve: string | null
  /** As GnuTLS calls it, `RSA-SHA256`, or the object identifier; null where it cannot be read. */
  readonly signatureAlgorithm: string | null
  readonly names: readonly string[]
  /** SHA-256 of the DER, in hexadecimal. */
  readonly fingerprint: string
}

/** A chain that the server shows; each kind of key has its own. */
export type CertificateChain = {
  readonly certificates: readonly CertificateResult[]
  /** Whether each certificate is followed by that of its issuer. */
  readonly isInOrder: boolean
  /** What cannot be read, by its place from 0. */
  readonly unreadable: readonly number[]
}

/** What the server says of certificates of clients. */
export type ClientCertificate = {
  readonly asked: Answer
  readonly required: Answer
  readonly schemes: readonly Numbered[]
  /** Types of certificates before TLS 1.3. */
  readonly types: readonly Numbered[]
  /** Names of authorities, as GnuTLS prints them in its old order. */
  readonly authorities: readonly string[]
}

/** What is on or off, by name; each says what became of its question. docs/cryptopolicy-audit.1.md lists them. */
export type TlsFeatures = Readonly<Record<string, Answer>>

export type TlsScan = {
  /** Newest first. */
  readonly versions: readonly VersionResult[]
  readonly suites: readonly SuiteEnumeration[]
  readonly groups: readonly GroupEnumeration[]
  readonly diffieHellman: readonly DiffieHellman[]
  readonly signatures: readonly SchemeEnumeration[]
  readonly clientCertificate: ClientCertificate
  readonly chains: readonly CertificateChain[]
  /** Protocols that it takes by ALPN. */
  readonly protocols: Enumeration<string>
  /** How long tickets of TLS 1.3 are good for, in seconds; null where none was given. */
  readonly ticketLifetime: number | null
  /** The same before TLS 1.3, where 0 leaves it to the client; null where no ticket was given. */
  readonly ticketLifetimeHint: number | null
  readonly features: TlsFeatures
}

/** Why nothing more was asked. */
export const BUDGET_SPENT = 'budget spent'

/** A failure as an answer. */
export function answerOf(failure: Failure): Answer {
  switch (failure.failure) {
    case 'closed':
    case 'reset':
      return { answer: 'refused', alert: null, name: null }
    case 'rate-limited':
    case 'timed-out':
      return { answer: failure.failure }
    case 'budget-spent':
      return { answer: 'unknown', because: BUDGET_SPENT }
    case 'time-spent':
      return { answer: 'unknown', because: 'time spent' }
    case 'interrupted':
      return { answer: 'unknown', because: 'interrupted' }
    case 'too-much':
      return { answer: 'unknown', because: 'the server sent too much' }
    case 'malformed':
      return { answer: 'unknown', because: `the server sent ${failure.reason}` }
    case 'unreachable':
      return { answer: 'unknown', because: failure.reason }
    case 'no-upgrade':
      return { answer: 'unknown', because: `the server ${failure.reason}` }
  }
}

/** Whether a list that ended so is whole. */
export function isWhole({ end }: { readonly end: Answer }): boolean {
  return end.answer === 'refused' || end.answer === 'not-offered'
}

/** Whether an answer says whether the server has something. */
export function isAnswered(answer: Answer): boolean {
  return answer.answer === 'accepted' || isWhole({ end: answer })
}
