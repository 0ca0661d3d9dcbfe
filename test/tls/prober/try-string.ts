/** Enumerates both sides of a random priority string, and compares them with its evaluation. */
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import { allowedTls, type Evaluation, evaluatePriority } from '../../../src/priority/evaluate.ts'
import { parseSystemConfig } from '../../../src/priority/system-config.ts'
import { type TlsSettings, tlsOptionsFor } from '../../../src/tls/tls-options.ts'
import { type Random, type RandomCase, randomCase } from '../../priority/random-priorities.ts'
import { enumerateClient } from './enumerate-client.ts'
import { enumerateServer } from './enumerate-server.ts'
import { findLooser, findMissing } from './negotiated.ts'

/** A random string that GnuTLS accepts. */
export type UsableCase = RandomCase & { readonly evaluation: Evaluation }

/** What was found about one role of one string. */
export type Finding = {
  readonly role: 'server' | 'client'
  /** Nothing of the string can be negotiated here. */
  readonly isEmpty: boolean
  readonly looser: readonly string[]
  /** Promised by the settings, and yet not negotiable. */
  readonly missing: readonly string[]
}

/** Draws until GnuTLS would accept the string. */
export function usableCase(random: Random): UsableCase {
  for (;;) {
    const drawn = randomCase(random)
    const config =
      drawn.config === undefined
        ? undefined
        : parseSystemConfig({ name: 'gnutls.config', text: drawn.config })
    const given = { name: '<priority>', text: drawn.priority }
    const outcome = evaluatePriority(given, config ? { config } : {})
    if (outcome.ok) return { ...drawn, evaluation: outcome.evaluation }
  }
}

/** Enumerates a server and a client of the string. */
export async function tryString({ evaluation }: UsableCase): Promise<readonly Finding[]> {
  return [await tryRole(evaluation, 'server'), await tryRole(evaluation, 'client')]
}

async function tryRole(evaluation: Evaluation, role: 'server' | 'client'): Promise<Finding> {
  const settings = settingsOf(evaluation, role)
  if (!settings) return { role, isEmpty: true, looser: [], missing: [] }
  const enumerate = role === 'server' ? enumerateServer : enumerateClient
  const negotiated = await enumerate(settings)
  const looser = findLooser(negotiated, allowedTls(evaluation))
  return { role, isEmpty: false, looser, missing: findMissing(negotiated, settings) }
}

function settingsOf(evaluation: Evaluation, role: 'server' | 'client'): TlsSettings | undefined {
  try {
    return tlsOptionsFor(evaluation, { role })
  } catch (error) {
    const isEmpty =
      error instanceof DiagnosticError && error.diagnostics[0]?.code === 'TLS_NOTHING_NEGOTIABLE'
    if (isEmpty) return undefined
    throw error
  }
}
