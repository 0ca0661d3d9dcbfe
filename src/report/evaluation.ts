/** An evaluated priority string as data: what GnuTLS lists, and what of it can be negotiated. */
import type { JsonResult } from '../diagnostics/diagnostic-json.ts'
import { allowedTls, type Evaluation } from '../priority/evaluate.ts'
import { LIST_NAMES } from '../priority/priority-lists.ts'
import type { SystemConfig } from '../priority/system-config.ts'
import { systemRules } from '../priority/system-rules.ts'
import { resolvedToJson } from './resolution.ts'

type Named = { readonly name: string }

/** For --json. */
export function evaluationToJson(evaluation: Evaluation, config: SystemConfig): JsonResult {
  const { resolution, release, options, profile, securityLevel } = evaluation
  return {
    resolved: resolvedToJson(resolution),
    release,
    config: config.absent ? null : config.source.name,
    mode: systemRules(config, release).mode,
    allowed: allowedToJson(evaluation),
    lists: Object.fromEntries(LIST_NAMES.map((list) => [list, namesOf(evaluation[list])])),
    removed: evaluation.adjustments.map(({ list, removed, reason }) => ({ list, removed, reason })),
    options,
    profile: profile ?? null,
    securityLevel: securityLevel ?? null,
  }
}

/** What a connection can come to, in the names of the IANA registries. */
function allowedToJson(evaluation: Evaluation): JsonResult {
  const allowed = allowedTls(evaluation)
  return {
    versions: namesOf(allowed.versions),
    suites: allowed.suites.map(({ name, number }) => ({ name, number })),
    groups: namesOf(allowed.groups),
    signatureSchemes: namesOf(allowed.signatureSchemes),
    minimumKeySizes: allowed.minimumKeySizes,
  }
}

function namesOf(items: readonly Named[]): readonly string[] {
  return items.map(({ name }) => name)
}
