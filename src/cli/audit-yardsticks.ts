/** What `audit` holds servers against: the yardsticks that its options name. */

import type { Finding } from '../audit/compare/finding.ts'
import type { ScannedFacts } from '../audit/compare/scan-facts.ts'
import type { SshYardstick } from '../audit/compare/ssh-yardstick.ts'
import type { TlsYardstick } from '../audit/compare/yardstick.ts'
import { AUDIT_KINDS } from '../audit/scan/audit-diagnostics.ts'
import { SSH_SCHEME } from '../audit/scan/schemes.ts'
import type { ScanResult } from '../audit/scan-result.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import type { TlsPurpose } from '../policy/scope.ts'
import type { YardstickOptions } from './audit-options.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'
import type { Terminal } from './terminal.ts'

/** The one that reads the policy on SSH servers. */
const OF_SSH: YardstickOptions['as'] = 'openssh-server'

/** Gives the findings of one server. */
type Judge = (result: ScanResult) => readonly Finding[]

/** Yardsticks that are told in the report. */
export type Judgement = {
  /** Undefined where no option names any. */
  readonly judge: Judge | undefined
  readonly titlesFor: (result: ScanResult) => readonly string[]
}

/** Protocols whose usual servers read the policy of GnuTLS: QEMU, nbdkit, libvirt. */
const OF_GNUTLS: readonly string[] = [
  ...['nbd', 'nbds', 'migration', 'chardev', 'vnc', 'vnc+anonymous', 'libvirt', 'qemu+tls'],
]

function purposeFor(protocol: string, as: YardstickOptions['as']): TlsPurpose {
  if (as === 'nss') return 'nss-tls'
  if (as === 'java') return 'java-tls'
  if (as === 'gnutls' || as === 'openssl') return as
  return OF_GNUTLS.includes(protocol) ? 'gnutls' : 'openssl'
}

/**
 * Refuses what would judge nothing: the user would be left with another judgement than the one that was asked for,
 * or with none.
 *
 * @param protocols Of all targets.
 * @throws DiagnosticError USAGE_MISSING_OPTION or USAGE_CONFLICTING_OPTIONS.
 */
export function refuseIdleOptions(options: YardstickOptions, protocols: readonly string[]): void {
  refuseIdleReader(options, protocols)
  if (options.openssl !== undefined && options.ciphers === undefined) {
    fail(CLI_KINDS.missingOption, { what: '--openssl needs a list to read', hint: 'add --ciphers' })
  }
  if (options.policy !== undefined || options.baseline !== undefined) return
  const ofTls = yardstickOfTls(options)
  if (ofTls === undefined || !protocols.includes(SSH_SCHEME)) return
  fail(CLI_KINDS.conflictingOptions, { first: ofTls, second: 'a TARGET of SSH', hint: SSH_POLICY })
}

const SSH_POLICY = 'hold servers of SSH against a policy (--policy) or an earlier scan (--baseline)'

/** An option that says nothing of SSH. */
function yardstickOfTls(options: YardstickOptions): string | undefined {
  if (options.priority !== undefined) return '--priority'
  if (options.ciphers !== undefined) return '--ciphers'
  if (options.guidelines !== undefined) return '--guidelines'
  return options.clientCertificate ? '--client-certificate' : undefined
}

function refuseIdleReader({ as, policy }: YardstickOptions, protocols: readonly string[]): void {
  if (as === undefined) return
  if (policy === undefined) {
    fail(CLI_KINDS.missingOption, { what: '--as needs a policy to read', hint: 'add --policy' })
  }
  const isOfUse = protocols.some((protocol) => (protocol === SSH_SCHEME) === (as === OF_SSH))
  const second = as === OF_SSH ? 'a TARGET of TLS' : 'a TARGET of SSH'
  if (!isOfUse) fail(CLI_KINDS.conflictingOptions, { first: `--as ${as}`, second, hint: NO_READER })
}

const NO_READER = 'leave out --as: the protocol says who reads the policy'

/** Loads every yardstick before the first server is asked: a mistake in an option costs no connection. */
export async function loadYardsticks(
  options: YardstickOptions,
  terminal: Terminal,
): Promise<Judgement> {
  const loaded = [
    await loadPolicyYardstick(options, terminal),
    await loadPriorityYardstick(options, terminal),
    await loadCipherListYardstick(options),
    await loadGuidelines(options),
    await loadBaseline(options),
  ].filter((yardstick) => yardstick !== undefined)
  const exposure = await import('../audit/compare/exposure.ts')
  const { sortFindings } = await import('../audit/compare/finding.ts')
  const isAsked = loaded.length > 0 || options.clientCertificate !== undefined
  const judge: Judge = (result) =>
    sortFindings([
      ...loaded.flatMap((yardstick) => yardstick.judge(result)),
      ...(result.tls
        ? exposure.compareClientCertificate(
            result.tls,
            result.target.protocol,
            options.clientCertificate,
          )
        : []),
      ...(result.tls ? exposure.compareRenegotiation(result.tls) : []),
      ...(result.clearText
        ? exposure.compareClearText(result.clearText, result.target.protocol)
        : []),
    ])
  return {
    judge: isAsked ? judge : undefined,
    titlesFor: (result) => loaded.map(({ titleFor }) => titleFor(result)),
  }
}

type LoadedYardstick = {
  readonly judge: Judge
  readonly titleFor: (result: ScanResult) => string
}

/** The yardstick of TLS servers; SSH servers have nothing that it speaks of. */
async function forTls(
  yardstickFor: (result: ScanResult) => TlsYardstick,
): Promise<LoadedYardstick> {
  const { compareTls } = await import('../audit/compare/compare-tls.ts')
  return {
    judge: (result) => (result.tls ? compareTls(result.tls, yardstickFor(result)) : []),
    titleFor: (result) => yardstickFor(result).title,
  }
}

async function loadPolicyYardstick(
  options: YardstickOptions,
  terminal: Terminal,
): Promise<LoadedYardstick | undefined> {
  if (options.policy === undefined) return undefined
  const { loadNamedPolicy } = await import('./named-policy.ts')
  const { policyYardstick } = await import('../audit/compare/policy-yardstick.ts')
  const { sshYardstick } = await import('../audit/compare/ssh-yardstick.ts')
  const { compareSsh } = await import('../audit/compare/compare-ssh.ts')
  const policy = loadNamedPolicy(options.policy, options, terminal.report)
  const ssh: SshYardstick = sshYardstick(policy)
  const tls = await forTls(({ target }) =>
    policyYardstick(policy, purposeFor(target.protocol, options.as)),
  )
  return {
    judge: (result) => (result.ssh ? compareSsh(result.ssh, ssh) : tls.judge(result)),
    titleFor: (result) => (result.ssh ? ssh.title : tls.titleFor(result)),
  }
}

async function loadPriorityYardstick(
  options: YardstickOptions,
  terminal: Terminal,
): Promise<LoadedYardstick | undefined> {
  const { priority } = options
  if (priority === undefined) return undefined
  const { loadPriorityContext, prioritySource } = await import('./priority-options.ts')
  const { evaluatePriority } = await import('../priority/evaluate.ts')
  const { priorityYardstick } = await import('../audit/compare/priority-yardstick.ts')
  const { diagnoseFailure } = await import('../priority/failure/failure-diagnostics.ts')
  const { DiagnosticError } = await import('../diagnostics/diagnostic.ts')
  const context = await loadPriorityContext(options, terminal)
  const source = prioritySource(priority)
  const outcome = evaluatePriority(source, context)
  if (!outcome.ok) throw new DiagnosticError([diagnoseFailure(outcome.failure, context)])
  const yardstick = priorityYardstick(source, outcome.evaluation, context)
  return forTls(() => yardstick)
}

async function loadCipherListYardstick({
  ciphers,
  openssl = OPENSSL,
}: YardstickOptions): Promise<LoadedYardstick | undefined> {
  if (ciphers === undefined) return undefined
  const { requireRelease } = await import('./library-release.ts')
  const { cipherListYardstick } = await import('../audit/compare/cipher-list-yardstick.ts')
  const { expandCipherList } = await import('../priority/cipher-list/cipher-list.ts')
  const { DiagnosticError, hasErrors } = await import('../diagnostics/diagnostic.ts')
  const source = { name: '<ciphers>', text: ciphers }
  const release = requireRelease('openssl', openssl)
  const { diagnostics } = expandCipherList(source, release)
  if (hasErrors(diagnostics)) throw new DiagnosticError(diagnostics)
  const yardstick = cipherListYardstick(source, release)
  return forTls(() => yardstick)
}

/** The release whose words a cipher list has, unless another is named: that of the server is not known. */
const OPENSSL = '3.5'

async function loadGuidelines({
  guidelines,
  level,
}: YardstickOptions): Promise<LoadedYardstick | undefined> {
  if (guidelines === undefined) return undefined
  const { parseGuidelines, guidelinesYardstick } = await import(
    '../audit/compare/guidelines-yardstick.ts'
  )
  const { readNamedTextFile } = await import('../files/text-file.ts')
  const { name, text } = readNamedTextFile(guidelines)
  const parsed = parseGuidelines(parseJson(text), level)
  if (!parsed.ok)
    fail(AUDIT_KINDS.badFile, { path: name, what: 'guidelines', reason: parsed.reason })
  const yardstick = guidelinesYardstick(parsed.guideline, level, name)
  return forTls(() => yardstick)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function loadBaseline({ baseline }: YardstickOptions): Promise<LoadedYardstick | undefined> {
  if (baseline === undefined) return undefined
  const { compareWithBaseline } = await import('../audit/compare/baseline.ts')
  const earlier = await readScan(baseline)
  return {
    judge: (result) => compareWithBaseline(earlier, result),
    titleFor: () => `the earlier scan ${baseline}`,
  }
}

/** A document that `audit --json` has printed. */
export async function readScan(path: string): Promise<ScannedFacts> {
  const { readNamedBytes } = await import('../files/text-file.ts')
  const { parseScanDocument } = await import('../audit/compare/scan-document.ts')
  const document = parseJson(readNamedBytes(path, SCAN_LIMIT).toString('utf8'))
  const scan = parseScanDocument(document)
  return scan ?? fail(AUDIT_KINDS.badFile, { path, what: 'scan', reason: 'audit --json writes it' })
}

/** A scan of a server with many certificates has some ten thousand bytes. */
const SCAN_LIMIT = 16 * 1024 * 1024
