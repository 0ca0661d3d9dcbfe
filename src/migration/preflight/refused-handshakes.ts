/** Why handshakes were refused: a client is not told it in TLS, and asks for it afterwards. */
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import type { ToldDiagnostic } from './hello.ts'

/** The oldest are forgotten, so that strangers cannot fill the memory. */
const LIMIT = 256

export class RefusedHandshakes {
  readonly #reasons = new Map<string, readonly ToldDiagnostic[]>()

  /** @param nonce What the client said at the beginning of its connection. */
  add(nonce: string, diagnostics: readonly Diagnostic[]): void {
    this.#reasons.set(nonce, diagnostics.map(toldDiagnostic))
    const [oldest] = this.#reasons.keys()
    if (this.#reasons.size > LIMIT && oldest !== undefined) this.#reasons.delete(oldest)
  }

  /** Told once. */
  take(nonce: string): readonly ToldDiagnostic[] {
    const found = this.#reasons.get(nonce) ?? []
    this.#reasons.delete(nonce)
    return found
  }
}

function toldDiagnostic({ code, message, hint }: Diagnostic): ToldDiagnostic {
  return { code, message, ...(hint === undefined ? {} : { hint }) }
}
