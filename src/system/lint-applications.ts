/** Lints the policies of applications, over the configured policy. */
import { basename, dirname } from 'node:path'
import {
  APPLICATION_BACKEND_NAMES,
  purposesOf,
} from '../backends/applications/all-application-backends.ts'
import { type Diagnostic, diagnose, hasErrors } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { APPLICATION_KINDS } from '../policy/application/application-diagnostics.ts'
import {
  type ApplicationPolicy,
  layerApplication,
  parseApplication,
} from '../policy/application/application-policy.ts'
import { diagnoseExcess } from '../policy/application/exceeding.ts'
import { findVainDirectives } from '../policy/application/vain-directives.ts'
import { LINT_KINDS } from '../policy/lint/lint-diagnostics.ts'
import { type LintInput, lintContext, readContext } from '../policy/lint/lint-policy.ts'
import { parsePolicy } from '../policy/policy.ts'
import { findBuiltInApplication } from '../priority/application.ts'

/** Whether a file is the policy of an application, by its folder. */
export function isApplicationFile(path: string): boolean {
  return path.endsWith('.pmod') && basename(dirname(path)) === 'applications'
}

/**
 * Every finding in the file of an application. That a class is empty is told where it is compiled: only
 * the back-ends of the application count.
 *
 * @param system The name and the files of the policy beneath it.
 */
export function lintApplication(
  source: Source,
  system: { readonly name: string; readonly inputs: readonly LintInput[] },
): readonly Diagnostic[] {
  const name = basename(source.name, '.pmod')
  const { application, diagnostics } = parseApplication(name, source, APPLICATION_BACKEND_NAMES)
  const context = readContext(`${system.name}+${name}`, [
    ...system.inputs,
    { source, kind: 'module' },
  ])
  const ofRules = lintContext(context).filter(
    ({ span, code }) => span?.source === source && code !== LINT_KINDS.emptyClass.code,
  )
  const ofSettings = diagnostics.filter(({ code }) => code.startsWith('APPLICATION_'))
  if (hasErrors([...ofRules, ...ofSettings])) return [...ofSettings, ...ofRules]
  const policy = parsePolicy(
    system.name,
    system.inputs.map((input) => input.source),
  ).policy
  const purposes = purposesOf(application.backends)
  return [
    ...ofSettings,
    ...findKeywordProblems(application),
    ...ofRules,
    ...findVainDirectives(application, purposes),
    ...diagnoseExcess(layerApplication(policy, application), purposes),
  ]
}

/** A keyword that a program which is known does not ask for, or that is written nowhere. */
function findKeywordProblems(application: ApplicationPolicy): readonly Diagnostic[] {
  const { name, keyword, keywordSpan, backends } = application
  const asked = findBuiltInApplication(name)?.builtIn.at(-1)
  if (!backends.includes('gnutls')) {
    const isSet = keywordSpan.end > keywordSpan.start
    return isSet ? [diagnose(APPLICATION_KINDS.keywordUnwritten, { keyword }, keywordSpan)] : []
  }
  if (asked === undefined || asked.slice(1).split(',').includes(keyword)) return []
  return [diagnose(APPLICATION_KINDS.keywordUnasked, { name, keyword, asked }, keywordSpan)]
}
