/** `cryptopolicy show`: the effective policy, or what a back-end makes of it. */
import type { Command } from 'commander'
import type { ApplicationBackend } from '../../backends/applications/application-backend.ts'
import { DiagnosticError, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import type { JsonResult } from '../../diagnostics/diagnostic-json.ts'
import type { LayeredPolicy } from '../../policy/application/application-policy.ts'
import type { EffectivePolicy } from '../../policy/effective-policy.ts'
import type { Policy } from '../../policy/policy.ts'
import { CLI_KINDS } from '../cli-diagnostics.ts'
import { type CommonOptions, terminalFor, withDirectories, withOutput } from '../command.ts'
import type { Terminal } from '../terminal.ts'

type Options = CommonOptions & {
  readonly scope?: string
  readonly backend?: string
  readonly list?: true
  readonly app?: string
}

export function addShow(program: Command): void {
  const command = program
    .command('show')
    .summary('the effective policy, or the text of a back-end')
    .description('Print what a policy allows. Without POLICY: the configured one.')
    .argument('[POLICY]', 'for instance DEFAULT or FIPS:OSPP')
    .option('--list', 'the policies and modules that there are, and what is in force')
    .option('--scope <SCOPE>', 'as it is for a scope, for instance gnutls or ssh')
    .option('--backend <BACKEND>', 'the text that a back-end gets')
    .option('--app <NAME>', 'what holds for an application, by its policy')
  withOutput(withDirectories(command)).action(show)
}

async function show(name: string | undefined, options: Options): Promise<void> {
  const { loadAskedPolicy } = await import('../named-policy.ts')
  const terminal = terminalFor(options)
  if (options.list) return listPolicies(options, terminal)
  const { report } = terminal
  const { policy, application } = await loadAskedPolicy(name, options.app, options, report)
  if (options.backend !== undefined) {
    return application
      ? showApplicationBackend(policy, options.backend, terminal)
      : showBackend(policy, options.backend, terminal)
  }
  if (options.scope === undefined && !options.json) {
    const { dumpPolicy } = await import('../../policy/dump.ts')
    return terminal.printText(dumpPolicy(policy))
  }
  return showScope(policy, options, terminal)
}

async function listPolicies(options: Options, terminal: Terminal): Promise<void> {
  const { findDirectories } = await import('../../system/directories.ts')
  const { findPolicies } = await import('../../system/policy-list.ts')
  const { describePolicies } = await import('../policy-list-text.ts')
  const found = findPolicies(findDirectories(options))
  if (terminal.options.json) terminal.setResult({ action: 'list', ...found })
  else for (const line of describePolicies(found)) terminal.print(line)
}

async function showBackend(policy: Policy, name: string, terminal: Terminal): Promise<void> {
  const { BACKENDS, findBackend } = await import('../../backends/all-backends.ts')
  const known = BACKENDS.map((candidate) => candidate.name)
  const backend =
    findBackend(name) ?? fail(CLI_KINDS.unknownName, { what: 'back-end', name, known })
  const text = backend.generate(policy)
  if (terminal.options.json) {
    terminal.setResult({ policy: policy.name, scopes: [], backend: name, text, properties: null })
  } else terminal.printText(text)
}

async function showApplicationBackend(
  policy: LayeredPolicy,
  name: string,
  terminal: Terminal,
): Promise<void> {
  const { APPLICATION_BACKENDS, APPLICATION_BACKEND_NAMES } = await import(
    '../../backends/applications/all-application-backends.ts'
  )
  const { writeApplication } = await import('../../backends/applications/application-backend.ts')
  const { findHostReleases } = await import('../../system/host-releases.ts')
  const backend = APPLICATION_BACKENDS.find((one) => one.name === name)
  const data = { what: 'back-end', name, known: APPLICATION_BACKEND_NAMES }
  if (!backend) return fail(CLI_KINDS.unknownName, data)
  const { text = backend.nothing, remarks } = writeApplication(policy, backend, findHostReleases())
  if (text === undefined) return refuseNothing(policy, backend, remarks)
  for (const remark of remarks) terminal.note(remark)
  if (terminal.options.json) {
    terminal.setResult({ policy: policy.name, scopes: [], backend: name, text, properties: null })
  } else terminal.printText(text.endsWith('\n') ? text : `${text}\n`)
}

/** An empty file, which a program takes for its own defaults, is not what was asked for. */
async function refuseNothing(
  { application }: LayeredPolicy,
  { title }: ApplicationBackend,
  remarks: readonly string[],
): Promise<never> {
  const { APPLICATION_KINDS } = await import('../../policy/application/application-diagnostics.ts')
  const data = { application: application.name, backend: title, lacking: remarks.join('; ') }
  const refusal = diagnose(APPLICATION_KINDS.allowsNothing, data)
  throw new DiagnosticError([{ ...refusal, severity: 'error' }])
}

async function showScope(policy: Policy, options: Options, terminal: Terminal): Promise<void> {
  const { evaluatePolicy } = await import('../../policy/effective-policy.ts')
  const { findScopes } = await import('../../policy/command-line-words.ts')
  const { NO_SCOPES } = await import('../../policy/scope.ts')
  const scopes = options.scope === undefined ? NO_SCOPES : findScopes(options.scope)
  const effective = evaluatePolicy(policy, scopes)
  if (terminal.options.json) return terminal.setResult(toJson(policy, effective))
  const { formatValue } = await import('../../policy/dump.ts')
  const { PROPERTY_NAMES } = await import('../../policy/properties.ts')
  for (const property of PROPERTY_NAMES) {
    terminal.print(`${property} = ${formatValue(effective, property)}`.trimEnd())
  }
}

function toJson(policy: Policy, effective: EffectivePolicy): JsonResult {
  const { enabled, integers, choices } = effective
  return {
    policy: policy.name,
    scopes: [...effective.scopes],
    backend: null,
    text: null,
    properties: { ...enabled, ...integers, ...choices },
  }
}
