/** Checks the keys and signatures of a chain that OpenSSL has verified. */
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import type { Certificate } from './certificate.ts'
import { isSelfIssued } from './issuer.ts'
import { findKeyProblem } from './key-check.ts'
import { findWeakSignature } from './strength-check.ts'
import { findSuiteBProblem } from './suite-b.ts'

/**
 * Checks every certificate from the peer's own up to the trust anchor. The signature of a
 * self-signed certificate proves nothing and is not looked at.
 *
 * @throws DiagnosticError where a key is too small or forbidden, or a signature is forbidden.
 */
export function checkChainStrength(chain: readonly Certificate[], evaluation: Evaluation): void {
  for (const [at, certificate] of chain.entries()) {
    const isRoot = isSelfIssued(certificate)
    const problem =
      findKeyProblem(certificate, evaluation) ??
      (isRoot ? undefined : findWeakSignature(certificate, evaluation)) ??
      (isRoot ? undefined : findSuiteBProblem(certificate, chain[at + 1], evaluation))
    if (problem) throw new DiagnosticError([problem])
  }
}
