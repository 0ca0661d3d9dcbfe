/** Answers why a suite, group, signature algorithm or version is allowed or not, and who decided. */
import { registeredGroupName, tableVersionName } from '../algorithms/other-names.ts'
import { findTlsSuiteByOpensslName } from '../algorithms/tls-suite-openssl.ts'
import {
  canNegotiate,
  findTlsSuiteByName,
  TLS_SUITES,
  type TlsSuite,
} from '../algorithms/tls-suites.ts'
import { TLS_VERSIONS } from '../algorithms/tls-versions.ts'
import type { Source } from '../diagnostics/source.ts'
import { type AlgorithmRules, algorithmRules, type Prohibition } from './algorithm-rules.ts'
import { toUpperAscii } from './ascii-case.ts'
import type { EvaluateOptions } from './evaluate.ts'
import {
  GNUTLS_GROUPS,
  GNUTLS_SIGNATURES,
  type GnutlsGroup,
  type GnutlsSignature,
} from './gnutls-algorithms.ts'
import type { ListName } from './priority-lists.ts'
import { DEFAULT_RELEASE } from './releases.ts'
import type { Adjustment } from './remove-unusable.ts'
import { type Explanation, explainPriority, type Step } from './string-explanation.ts'
import { NO_CONFIG } from './system-config.ts'
import { systemRules } from './system-rules.ts'

/** What is asked about: a name of IANA, GnuTLS or OpenSSL, with or without GROUP-, SIGN- or VERS-. */
export type AskedAlgorithm = {
  readonly kind: 'suite' | 'group' | 'signature' | 'protocol'
  readonly name: string
}

/** Who decided about one part. */
export type Decision =
  | { readonly by: 'token'; readonly step: Step }
  /** What a string starts from. */
  | { readonly by: 'start' }
  /** GnuTLS itself, after the last token. */
  | {
      readonly by: 'adjustment'
      readonly adjustment: Adjustment
      readonly prohibition?: Prohibition
    }
  | { readonly by: 'prohibition'; readonly prohibition: Prohibition }
  /** Nothing names it. */
  | { readonly by: 'nothing' }

/** One of the things that must all be there. */
export type Part = {
  readonly kind: ListName | 'hash' | 'curve'
  readonly name: string
  readonly present: boolean
  readonly decision: Decision
}

/** The answer about one subject. */
export type Verdict = {
  /** The name as GnuTLS prints it. */
  readonly name: string
  readonly allowed: boolean
  readonly parts: readonly Part[]
  /** The part that decided: the first that is missing, or the last that was added. */
  readonly deciding: Part
}

/** Says whether a string allows something, and which token or override decided. */
export function findVerdict(
  given: Source | undefined,
  subject: AskedAlgorithm,
  options: EvaluateOptions = {},
): Verdict | undefined {
  const judge = new Judge(explainPriority(given, options), options)
  return judge.judge(subject)
}

/** The names that a kind of subject has, for suggestions. */
export function subjectNames(kind: AskedAlgorithm['kind']): readonly string[] {
  const rows: Readonly<Record<AskedAlgorithm['kind'], readonly { readonly name: string }[]>> = {
    suite: TLS_SUITES,
    group: GNUTLS_GROUPS,
    signature: GNUTLS_SIGNATURES,
    protocol: TLS_VERSIONS,
  }
  return rows[kind].map(({ name }) => name)
}

class Judge {
  readonly #explanation: Explanation
  readonly #rules: AlgorithmRules

  constructor(explanation: Explanation, options: EvaluateOptions) {
    const { release = DEFAULT_RELEASE, config = NO_CONFIG } = options
    this.#explanation = explanation
    this.#rules = algorithmRules(systemRules(config, release))
  }

  judge({ kind, name }: AskedAlgorithm): Verdict | undefined {
    if (kind === 'suite') return this.#judgeSuite(findSuite(name))
    if (kind === 'group') return this.#judgeGroup(findGroup(name))
    if (kind === 'signature') return this.#judgeSignature(findSignature(name))
    return this.#judgeProtocol(findProtocol(name))
  }

  #judgeSuite(suite: TlsSuite | undefined): Verdict | undefined {
    if (!suite) return undefined
    const { keyExchange, cipher, mac, prf } = suite
    const versions = TLS_VERSIONS.filter((version) => canNegotiate(suite, version))
    const parts = [
      this.#anyOf(
        'protocols',
        versions.map((version) => version.name),
      ),
      ...(keyExchange ? [this.#listed('keyExchanges', keyExchange)] : []),
      this.#listed('ciphers', cipher),
      this.#listed('macs', mac),
      ...this.#prohibited('hash', prf, this.#rules.hashes),
    ]
    return this.#verdict(suite.gnutlsName, parts)
  }

  #judgeGroup(group: GnutlsGroup | undefined): Verdict | undefined {
    if (!group) return undefined
    const curves = group.curves.flatMap((name) =>
      this.#prohibited('curve', name, this.#rules.curves),
    )
    return this.#verdict(group.name, [this.#listed('groups', group.name), ...curves])
  }

  #judgeSignature(signature: GnutlsSignature | undefined): Verdict | undefined {
    if (!signature) return undefined
    const { name, semantics = [] } = signature
    const meant = TLS_VERSIONS.filter((version) => semantics.includes(version.signatures))
    const versions = this.#anyOf(
      'protocols',
      meant.map((version) => version.name),
    )
    const prohibited = this.#prohibited('hash', name, this.#rules.signatures)
    return this.#verdict(name, [this.#listed('signatures', name), versions, ...prohibited])
  }

  #judgeProtocol(name: string | undefined): Verdict | undefined {
    return name === undefined ? undefined : this.#verdict(name, [this.#listed('protocols', name)])
  }

  #verdict(name: string, parts: readonly Part[]): Verdict {
    const missing = parts.find((part) => !part.present)
    const deciding = missing ?? latest(parts)
    const usable = this.#explanation.outcome.ok
    return { name, allowed: usable && !missing, parts, deciding }
  }

  #listed(kind: ListName, name: string): Part {
    const { step, present } = this.#lastWord(kind, name)
    const adjustment = this.#explanation.adjustments.find(
      ({ list, removed }) => list === kind && removed.includes(name),
    )
    if (adjustment) return { kind, name, present: false, decision: adjusted(adjustment, name) }
    return { kind, name, present, decision: step }
  }

  #lastWord(kind: ListName, name: string): { step: Decision; present: boolean } {
    const { start, steps } = this.#explanation
    let present = start.some(({ list, added }) => list === kind && added.includes(name))
    let step: Decision = present ? { by: 'start' } : { by: 'nothing' }
    for (const candidate of steps) {
      const effect = candidate.effects.find(({ list }) => list === kind)
      const added = effect?.added.includes(name) ?? false
      if (!added && !effect?.removed.includes(name)) continue
      present = added
      step = { by: 'token', step: candidate }
    }
    return { step, present }
  }

  /** The newest version that is allowed; the one that came nearest where none is. */
  #anyOf(kind: ListName, names: readonly string[]): Part {
    const parts = names.toReversed().map((name) => this.#listed(kind, name))
    const unnamed: Part = { kind, name: '', present: false, decision: { by: 'nothing' } }
    const named = parts.find((part) => part.decision.by !== 'nothing')
    return parts.find((part) => part.present) ?? named ?? parts[0] ?? unnamed
  }

  #prohibited(
    kind: 'hash' | 'curve',
    name: string,
    prohibited: ReadonlyMap<string, Prohibition>,
  ): readonly Part[] {
    const prohibition = prohibited.get(name)
    if (!prohibition) return []
    return [{ kind, name, present: false, decision: { by: 'prohibition', prohibition } }]
  }
}

function adjusted(adjustment: Adjustment, name: string): Decision {
  const prohibition = adjustment.prohibitions?.[adjustment.removed.indexOf(name)]
  return { by: 'adjustment', adjustment, ...(prohibition ? { prohibition } : {}) }
}

function latest(parts: readonly Part[]): Part {
  const positionOf = ({ decision }: Part): number =>
    decision.by === 'token' ? decision.step.token.start : -1
  return parts.reduce((last, part) => (positionOf(part) > positionOf(last) ? part : last))
}

function findSuite(name: string): TlsSuite | undefined {
  return findTlsSuiteByName(name) ?? findTlsSuiteByOpensslName(toUpperAscii(name))
}

function findGroup(name: string): GnutlsGroup | undefined {
  const wanted = toUpperAscii(registeredGroupName(name.replace(/^GROUP-/i, '')))
  return GNUTLS_GROUPS.find(
    (row) => row.name === wanted || (row.tls && toUpperAscii(row.tls.name) === wanted),
  )
}

function findSignature(name: string): GnutlsSignature | undefined {
  // OpenSSL writes RSA+SHA256, RSA-PSS+SHA256 and PSS+SHA256.
  const wanted = toUpperAscii(name)
    .replace(/^SIGN-/, '')
    .replace(/^(?:RSA-)?PSS\+/, 'RSA-PSS-RSAE-')
    .replace('+', '-')
  return GNUTLS_SIGNATURES.find(
    (row) =>
      toUpperAscii(row.name) === wanted || (row.scheme && toUpperAscii(row.scheme) === wanted),
  )
}

function findProtocol(name: string): string | undefined {
  const wanted = tableVersionName(toUpperAscii(name).replace(/^VERS-/, ''))
  return TLS_VERSIONS.find((row) => row.name === wanted)?.name
}
