/** What an upgrade is: the words in clear that make a server begin TLS. */
import type { ClearExchange } from '../connection/clear-exchange.ts'

/** How the words in clear ended. */
export type UpgradeResult =
  /** The next byte of this side is the first one of TLS. */
  | { readonly kind: 'ready' }
  /** The server speaks the protocol, and does not begin TLS. `said` has its words. */
  | { readonly kind: 'refused'; readonly said: string }

export const READY: UpgradeResult = { kind: 'ready' }

/** What a server does with a client that never asks for TLS. */
export type ClearText = {
  readonly kind: 'accepted' | 'refused' | 'unknown'
  /** What shows it, for people. */
  readonly said: string
}

/** What one attempt without TLS came to. */
export type ClearAttempt =
  | ClearText
  /**
   * The server turned the client away, for whatever reason: a word of it may be in any language, and a code may mean
   * the user. Where the same is taken within TLS, TLS was missing.
   */
  | {
      readonly kind: 'turned-away'
      readonly said: string
      /** What is known where the server turns the client away within TLS too. */
      readonly otherwise: ClearText
    }

export type UpgradeTarget = {
  /** The name that the user gave: some protocols have the client name the host that it wants. */
  readonly host: string
}

export type Upgrade = {
  /** Scheme of its URI: `smtp` of `smtp://host:25`. */
  readonly scheme: string
  /** What people call it. */
  readonly title: string
  /** Undefined where the protocol has no port of its own. */
  readonly port: number | undefined
  /** Says in clear what is to be said. */
  readonly begin: (exchange: ClearExchange, target: UpgradeTarget) => Promise<UpgradeResult>
  /** What a client may say first within TLS, and every server answers: that shows whom it lets in. */
  readonly firstRequest?: Buffer
  /**
   * Whether its servers look at certificates behind the handshake, and turn a client away by no more than the end of
   * the connection: QEMU and libvirt do. They wait for the client to speak, and have no other reason to end it.
   */
  readonly refusesByEnding?: true
  /** Finds out, over a connection of its own, whether the server does without TLS; undefined where it cannot be asked. */
  readonly tryClearText?: (exchange: ClearExchange, target: UpgradeTarget) => Promise<ClearAttempt>
  /** Asks within TLS for what was turned away in clear, and tells whether the server goes on. */
  readonly isServedWithinTls?: (exchange: ClearExchange) => Promise<boolean>
}

/** Of mechanisms of SASL, whether one does without TLS: EXTERNAL goes by what TLS has shown (RFC 4422, appendix A). */
export function hasClearMechanism(names: readonly string[]): boolean {
  return names.some((name) => name !== '' && name.toUpperCase() !== 'EXTERNAL')
}

/** TLS or the lack of it, as a word of its own: `ssl.example` in a text is the name of a host. */
const TLS_WORD =
  /(?<![\w.@-])(?:TLS|SSL|STARTTLS|STLS|encrypt\w*|(?:plain|clear)[ -]?text|layer)(?![\w@]|[.-]\w)/i

const DEMAND =
  /\b(?:requir\w*|must|needs?|needed|only|us(?:e|ing)|issue|first|mandatory|disallowed|disabled|forbidden|prohibited|not (?:allowed|accepted|permitted))\b/i

/** Whether the words of a refusal seem to say, in English, that TLS is missing: that is to be found out then. */
export function demandsTls(text: string): boolean {
  return TLS_WORD.test(text) && DEMAND.test(text)
}

export function refused(said: string): UpgradeResult {
  return { kind: 'refused', said: printableReply(said) }
}

export function clearText(kind: ClearText['kind'], said: string): ClearText {
  return { kind, said: printableReply(said) }
}

/** @param otherwise What is known where the server says the same within TLS. */
export function turnedAway(said: string, otherwise = clearText('unknown', said)): ClearAttempt {
  return { kind: 'turned-away', said: printableReply(said), otherwise }
}

/** A server's words, for people: without what moves a cursor, and not endless. */
export function printableReply(text: string): string {
  return text
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 200)
}
