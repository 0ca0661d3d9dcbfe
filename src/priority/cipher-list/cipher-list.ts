/** Expands OpenSSL's cipher lists to the suites that they select, as a release of OpenSSL does. */
import {
  findOpensslSuite,
  OPENSSL_SUITES,
  type OpensslSuite,
} from '../../algorithms/openssl-suites.ts'
import { type Diagnostic, diagnose, hasErrors } from '../../diagnostics/diagnostic.ts'
import type { Source } from '../../diagnostics/source.ts'
import type { OpensslRelease } from '../library-releases.ts'
import { CIPHER_LIST_KINDS } from './cipher-list-diagnostics.ts'
import { type CipherListStep, parseCipherList, type SuiteB } from './cipher-list-parser.ts'
import { matches, type Pattern, strengthBits } from './cipher-list-words.ts'

export type CipherListExpansion = {
  /** Before TLS 1.3: what the list selects and its security level takes, in order of preference. */
  readonly suites: readonly OpensslSuite[]
  /** OpenSSL's security level, SSL_CTX_set_security_level(3). */
  readonly level: number
  readonly suiteB?: SuiteB
  readonly diagnostics: readonly Diagnostic[]
}

/** What Debian, Fedora and, from 3.2 on, OpenSSL itself set where a list says nothing. */
const DEFAULT_LEVEL = 2

const SUITE_B_SUITES: { readonly [S in SuiteB]: readonly string[] } = {
  '128': ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  '128 only': ['ECDHE-ECDSA-AES128-GCM-SHA256'],
  '128 C2': ['ECDHE-ECDSA-AES256-GCM-SHA384'],
  '192': ['ECDHE-ECDSA-AES256-GCM-SHA384'],
}

/** Expands a list. One that OpenSSL would refuse has an error among its diagnostics. */
export function expandCipherList(source: Source, release: OpensslRelease): CipherListExpansion {
  const { steps, suiteB, diagnostics } = parseCipherList(source, release)
  if (suiteB) {
    const suites = SUITE_B_SUITES[suiteB].flatMap((name) => findOpensslSuite(name) ?? [])
    return { suites, level: DEFAULT_LEVEL, suiteB, diagnostics }
  }
  const selection = new Selection(release)
  for (const step of steps) selection.take(step)
  const { selected, level } = selection
  const suites = selected.filter((suite) => reachesLevel(suite, level, release))
  if (selected.length > 0 || hasErrors(diagnostics)) return { suites, level, diagnostics }
  const span = { source, start: 0, end: source.text.length }
  const error = diagnose(CIPHER_LIST_KINDS.noCipher, { text: source.text }, span)
  return { suites, level, diagnostics: [...diagnostics, error] }
}

/** The bits of security that a level asks for. */
export function bitsOfLevel(level: number): number {
  return [0, 80, 112, 128, 192, 256][level] ?? 256
}

/** The suites that OpenSSL has at a point of a list, active or not, in order. */
class Selection {
  level = DEFAULT_LEVEL
  readonly #release: OpensslRelease
  #order: readonly OpensslSuite[] = OPENSSL_SUITES
  #active: ReadonlySet<OpensslSuite> = new Set()

  constructor(release: OpensslRelease) {
    this.#release = release
  }

  get selected(): readonly OpensslSuite[] {
    return this.#order.filter((suite) => this.#active.has(suite))
  }

  take(step: CipherListStep): void {
    switch (step.kind) {
      case 'level':
        this.level = step.level
        break
      case 'strength':
        this.#sortByStrength()
        break
      case 'default':
        this.#takeDefault()
        break
      default:
        this.#apply(step.kind, step.pattern)
    }
  }

  /** `ALL:!COMPLEMENTOFDEFAULT:!eNULL` */
  #takeDefault(): void {
    const isEncrypting = ({ cipher }: OpensslSuite): boolean => cipher !== 'NULL'
    this.#order = this.#order.filter(
      (suite) => isEncrypting(suite) && !matches(suite, { isDefault: [false] }, this.#release),
    )
    this.#active = new Set(this.#order)
  }

  #apply(kind: 'add' | 'delete' | 'kill' | 'order', pattern: Pattern): void {
    const takes = (suite: OpensslSuite): boolean => matches(suite, pattern, this.#release)
    const isMoved = (suite: OpensslSuite): boolean =>
      takes(suite) && this.#active.has(suite) === (kind === 'order')
    if (kind === 'kill') this.#order = this.#order.filter((suite) => !takes(suite))
    else if (kind === 'delete') this.#delete(takes)
    else {
      const added = kind === 'add' ? this.#order.filter(takes) : []
      this.#moveToEnd(isMoved)
      this.#active = new Set([...this.#active, ...added])
    }
  }

  /** What was deleted last comes back first. */
  #delete(takes: (suite: OpensslSuite) => boolean): void {
    const deleted = new Set(this.selected.filter(takes))
    if (deleted.size === 0) return
    this.#order = [...deleted, ...this.#order.filter((suite) => !deleted.has(suite))]
    this.#active = new Set([...this.#active].filter((suite) => !deleted.has(suite)))
  }

  #moveToEnd(isMoved: (suite: OpensslSuite) => boolean): void {
    const { true: moved = [], false: rest = [] } = Object.groupBy(this.#order, (suite) =>
      isMoved(suite) ? 'true' : 'false',
    )
    this.#order = [...rest, ...moved]
  }

  #sortByStrength(): void {
    const bits = (suite: OpensslSuite): number => strengthBits(suite, this.#release)
    const sorted = this.selected.toSorted((a, b) => bits(b) - bits(a))
    this.#order = [...this.#order.filter((suite) => !this.#active.has(suite)), ...sorted]
  }
}

/** Whether a security level lets a suite through; above 0 nothing anonymous or in clear passes. */
function reachesLevel(suite: OpensslSuite, level: number, release: OpensslRelease): boolean {
  const { authentication, exchange, mac } = suite
  if (level === 0) return true
  const bits = bitsOfLevel(level)
  if (authentication === 'None' || mac === 'MD5') return false
  if (strengthBits(suite, release) < bits || (mac === 'SHA1' && bits > 160)) return false
  return level < 3 || /^(EC)?DH(E|$)/.test(exchange)
}
