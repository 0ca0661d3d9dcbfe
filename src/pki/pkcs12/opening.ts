/** What is known while a PKCS #12 file is opened. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { PKCS12_KINDS } from './pkcs12-diagnostics.ts'

/**
 * Iterations of key derivation for a whole file. Programs ask for 600,000 at most, some for each of
 * a few parts; a file can ask for 2^31 in each of its parts.
 */
const MAX_ITERATIONS = 5_000_000

export class Opening {
  readonly path: string
  /** Undefined: no bytes at all, which is another thing than an empty text. */
  readonly passphrase: string | undefined
  /** Names of old algorithms that were met. */
  readonly outdated = new Set<string>()
  #iterations = 0

  constructor(path: string, passphrase: string | undefined) {
    this.path = path
    this.passphrase = passphrase
  }

  /**
   * Called before keys are derived.
   *
   * @throws DiagnosticError PKI_P12_TOO_COSTLY.
   */
  spend(iterations: number): void {
    if (iterations < 1) throw new RangeError('it has a number of iterations below 1')
    this.#iterations += iterations
    if (this.#iterations <= MAX_ITERATIONS) return
    fail(PKCS12_KINDS.tooCostly, { path: this.path, limit: MAX_ITERATIONS })
  }

  refuse(what: string): never {
    return fail(PKCS12_KINDS.unsupported, { path: this.path, what })
  }
}
