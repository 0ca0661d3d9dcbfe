/** What a character device is: its back-end and the settings of that, in the words of QEMU's `-chardev`. */
import type { Span } from '../../diagnostics/source.ts'

/** Where a socket is: QEMU's SocketAddress. */
export type ChardevAddress =
  | {
      readonly kind: 'inet'
      /** Empty for all addresses of this host. */
      readonly host: string
      readonly port: number
      /** Of one that listens: the last port to try where others are taken. */
      readonly lastPort?: number | undefined
      readonly family?: 4 | 6 | undefined
    }
  | {
      readonly kind: 'unix'
      readonly path: string
      /** A name in Linux's abstract namespace, not a path. */
      readonly isAbstract: boolean
      /** An abstract name ends with its text; else it is filled up with zeroes. */
      readonly isTight: boolean
    }
  | { readonly kind: 'fd'; readonly descriptor: number }

/** Who of several clients may write: the one that is there longest, the newest, each, or no one. */
export const WRITER_RULES = ['first', 'last', 'all', 'none'] as const

export type WriterRule = (typeof WRITER_RULES)[number]

export type SocketBackend = {
  readonly backend: 'socket'
  readonly address: ChardevAddress
  /** It listens; else it connects. */
  readonly isServer: boolean
  /** The other side is opened when the first client is there. */
  readonly isWaiting: boolean
  /** How long to wait before a new attempt to connect, in milliseconds; 0 for no new attempt. */
  readonly reconnect: number
  readonly isTelnet: boolean
  readonly isWebsocket: boolean
  /** Small pieces are sent at once. */
  readonly hasNoDelay: boolean
  /** The ids of objects. The credentials decide which side of TLS this is, not which side connects. */
  readonly credentials?: string | undefined
  readonly authorization?: string | undefined
  /** The name that the certificate of a TLS server has to bear; the host where it is not given. */
  readonly hostname?: string | undefined
  readonly writer: WriterRule
  /** The id of an authorization: others may read only. */
  readonly writerAuthorization?: string | undefined
}

export type ChardevBackend =
  | SocketBackend
  | { readonly backend: 'stdio'; readonly hasSignals: boolean }
  | { readonly backend: 'pty' }
  | { readonly backend: 'file'; readonly path: string; readonly isAppended: boolean }
  | { readonly backend: 'pipe'; readonly path: string }
  | { readonly backend: 'exec'; readonly command: string }
  | { readonly backend: 'null' }
  /** The last bytes that were written, so many. */
  | { readonly backend: 'ringbuf'; readonly size: number }

/** A copy of all that is written to a chardev. */
export type ChardevLog = {
  readonly path: string
  readonly isAppended: boolean
  /** In bytes: a file that has grown to this becomes `PATH.1`, and a new one begins. 0 for no limit. */
  readonly size: number
}

export type ChardevDefinition = ChardevBackend & {
  readonly id: string
  /** Several may use it at the same time. */
  readonly isMux: boolean
  readonly log?: ChardevLog | undefined
  /** Where it is written, for messages. */
  readonly span?: Span | undefined
}

export type BackendName = ChardevBackend['backend']
