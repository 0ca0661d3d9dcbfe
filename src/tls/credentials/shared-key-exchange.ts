/** One handshake of a server with shared keys: whom the client says it is, and what came of it. */
import type { TLSSocket } from 'node:tls'
import { DiagnosticError, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import { SESSION_KINDS } from '../session-diagnostics.ts'
import { TLS_KINDS } from '../tls-diagnostics.ts'
import type { SharedKeyFile } from './shared-keys.ts'
import type { TlsPeer } from './tls-session.ts'

export class SharedKeyExchange {
  readonly #keys: SharedKeyFile | undefined
  #username: string | undefined
  #isKnown = false
  #failure: unknown

  constructor(keys: SharedKeyFile | undefined) {
    this.#keys = keys
  }

  /** To be called by OpenSSL, through which no error may be thrown. */
  findKey = (username: string): Buffer | undefined => {
    this.#username = username
    try {
      const key = this.#keys?.find(username)
      this.#isKnown = key !== undefined
      return key
    } catch (error) {
      this.#failure = error
      return undefined
    }
  }

  /** Says better than OpenSSL why a handshake failed. */
  explain = (error: unknown): never => {
    const [username, isKnown, failure] = [this.#username, this.#isKnown, this.#failure]
    if (failure) throw failure
    if (username === undefined || !isOfSharedKey(error, isKnown)) throw error
    const { cause } = error as { readonly cause: Error & { readonly reason?: string } }
    const reason = cause.reason ?? cause.message
    const path = this.#keys?.path ?? ''
    const diagnostic = isKnown
      ? diagnose(SESSION_KINDS.wrongSharedKey, { username, reason })
      : diagnose(SESSION_KINDS.unknownUser, { username, path })
    throw Object.assign(new DiagnosticError([diagnostic]), { cause })
  }

  /**
   * The server has no certificate and offers no suite without authentication: a handshake that is
   * done used the key that was asked for last.
   *
   * @throws DiagnosticError TLS_NO_SHARED_KEY where none was.
   */
  check(socket: TLSSocket): TlsPeer {
    const [username, isKnown] = [this.#username, this.#isKnown]
    const usedKey = username !== undefined && isKnown && !socket.getPeerX509Certificate()
    return usedKey ? { username } : fail(SESSION_KINDS.noSharedKey, {})
  }
}

/** Without a key of the client's user, OpenSSL finds that nothing is shared. */
function isOfSharedKey(error: unknown, isKnown: boolean): boolean {
  const code = error instanceof DiagnosticError ? error.diagnostics[0]?.code : undefined
  return (
    code === TLS_KINDS.handshakeFailed.code || (!isKnown && code === TLS_KINDS.nothingShared.code)
  )
}
