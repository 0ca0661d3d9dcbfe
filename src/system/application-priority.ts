/** What an application may use on this host, as an evaluated priority string. */

import { purposesOf } from '../backends/applications/all-application-backends.ts'
import { priorityTextOf } from '../backends/applications/converted.ts'
import { DiagnosticError, hasErrors } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import {
  type ApplicationPolicy,
  layerApplication,
} from '../policy/application/application-policy.ts'
import { diagnoseExcess } from '../policy/application/exceeding.ts'
import { evaluatePolicy } from '../policy/effective-policy.ts'
import { purpose } from '../policy/scope.ts'
import { type Evaluation, evaluatePriority } from '../priority/evaluate.ts'
import { requirePriority } from '../priority/failure/failure-diagnostics.ts'
import { NO_CONFIG } from '../priority/system-config.ts'
import { findKeyword } from './application-keyword.ts'
import { findApplication } from './applications.ts'
import type { Directories } from './directories.ts'
import { readPolicyInForce } from './policy-in-force.ts'
import { readPriorityConfig } from './priority-config.ts'

/**
 * The string of the application's keyword, as GnuTLS would find it, else that of the system. Where the
 * application's policy is in force and has no line for GnuTLS, what it comes to for OpenSSL.
 *
 * @throws DiagnosticError where the name cannot be one, GnuTLS would refuse the string, or the file of a
 *   policy without a line for GnuTLS has a mistake or allows more than it may.
 */
export function applicationPriority(name: string, directories: Directories): Evaluation {
  const { config } = readPriorityConfig({ baseDir: directories.base })
  const { keyword, diagnostics: noString } = findKeyword(name, directories, config)
  const own = findApplication(directories, name)
  const isEnabled = own?.state === 'enabled'
  // What is in force for GnuTLS stays so. Without it a broken policy would give way to the system's.
  if (isEnabled && hasErrors(own.diagnostics) && noString.length > 0) {
    throw new DiagnosticError(own.diagnostics)
  }
  const application = isEnabled ? own.application : undefined
  const given: Source = { name: `@${keyword},SYSTEM`, text: `@${keyword},SYSTEM` }
  if (!application || application.backends.includes('gnutls')) {
    const outcome = evaluatePriority(given, { config })
    // GnuTLS without a configuration uses its own default.
    const isUnconfigured = config.absent === true && !outcome.ok
    return requirePriority(isUnconfigured ? undefined : given, { config })
  }
  return requirePriority(textForOpenssl(application, directories), { config: NO_CONFIG })
}

function textForOpenssl(application: ApplicationPolicy, directories: Directories): Source {
  const system = readPolicyInForce(directories) ?? { name: 'no policy', directives: [] }
  const purposes = purposesOf(application.backends)
  const layered = layerApplication(system, application)
  const excess = diagnoseExcess(layered, purposes)
  if (hasErrors(excess)) throw new DiagnosticError(excess)
  const { scopes } = purpose(purposes[0] ?? 'openssl')
  const effective = evaluatePolicy(layered, scopes)
  return { name: application.source.name, text: priorityTextOf(effective) }
}
