/** The parameters of migrations, as QEMU has them. Those that mean something without a guest are read by its users. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { HOST_KINDS } from './host-diagnostics.ts'

export type ParameterValue = string | boolean | bigint

export type Parameter = {
  readonly kind: 'uint8' | 'uint32' | 'size' | 'bool' | 'text' | 'compression'
  readonly initial: ParameterValue
  readonly range?: { readonly least: bigint; readonly most: bigint; readonly words: string }
}

function within(least: bigint, most: bigint, words = `a value between ${least} and ${most}`) {
  return { range: { least, most, words } }
}

function percent(words = 'an integer in the range of 1 to 99') {
  return within(1n, 99n, words)
}

const TEXT: Parameter = { kind: 'text', initial: '' }

/** By their names; the ranges are told in QEMU's words. */
export const MIGRATION_PARAMETERS = {
  'announce-initial': { kind: 'size', initial: 50n, ...within(0n, 100_000n) },
  'announce-max': { kind: 'size', initial: 550n, ...within(0n, 100_000n) },
  'announce-rounds': { kind: 'size', initial: 5n, ...within(0n, 1000n) },
  // QEMU names 0 in its text and refuses it.
  'announce-step': {
    kind: 'size',
    initial: 100n,
    ...within(1n, 10_000n, 'a value between 0 and 10000'),
  },
  'compress-level': { kind: 'uint8', initial: 1n, ...within(0n, 9n) },
  'compress-threads': { kind: 'uint8', initial: 8n, ...within(1n, 255n) },
  'compress-wait-thread': { kind: 'bool', initial: true },
  'decompress-threads': { kind: 'uint8', initial: 2n, ...within(1n, 255n) },
  'throttle-trigger-threshold': {
    kind: 'uint8',
    initial: 50n,
    ...within(1n, 100n, 'an integer in the range of 1 to 100'),
  },
  'cpu-throttle-initial': { kind: 'uint8', initial: 20n, ...percent() },
  'cpu-throttle-increment': { kind: 'uint8', initial: 10n, ...percent() },
  'cpu-throttle-tailslow': { kind: 'bool', initial: false },
  'tls-creds': TEXT,
  'tls-hostname': TEXT,
  'tls-authz': TEXT,
  'max-bandwidth': { kind: 'size', initial: 134_217_728n },
  'downtime-limit': {
    kind: 'size',
    initial: 300n,
    ...within(0n, 2_000_000n, 'an integer in the range of 0 to (2000 * 1000) ms'),
  },
  'x-checkpoint-delay': { kind: 'uint32', initial: 20_000n },
  'block-incremental': { kind: 'bool', initial: false },
  'multifd-channels': { kind: 'uint8', initial: 2n, ...within(1n, 255n) },
  'xbzrle-cache-size': { kind: 'size', initial: 67_108_864n },
  'max-postcopy-bandwidth': { kind: 'size', initial: 0n },
  'max-cpu-throttle': {
    kind: 'uint8',
    initial: 99n,
    ...percent('an integer in the range of cpu_throttle_initial to 99'),
  },
  'multifd-compression': { kind: 'compression', initial: 'none' },
  'multifd-zlib-level': { kind: 'uint8', initial: 1n },
  'multifd-zstd-level': { kind: 'uint8', initial: 1n },
  // Of newer releases: their users reset them.
  'avail-switchover-bandwidth': { kind: 'size', initial: 0n },
  'direct-io': { kind: 'bool', initial: false },
} as const satisfies Readonly<Record<string, Parameter>>

export type ParameterName = keyof typeof MIGRATION_PARAMETERS

export class MigrationParameters {
  #values: ReadonlyMap<string, ParameterValue> = new Map(
    Object.entries(MIGRATION_PARAMETERS).map(([name, { initial }]) => [name, initial]),
  )

  /** All of them. */
  get values(): ReadonlyMap<string, ParameterValue> {
    return this.#values
  }

  /** Undefined where it is empty. */
  text(name: ParameterName): string | undefined {
    const value = this.#values.get(name)
    return typeof value === 'string' && value !== '' ? value : undefined
  }

  number(name: ParameterName): number {
    return Number(this.#values.get(name))
  }

  /**
   * Sets all or none.
   *
   * @throws DiagnosticError MONITOR_PARAMETER_RANGE
   */
  set(changes: Readonly<Record<string, ParameterValue>>): void {
    for (const [name, value] of Object.entries(changes)) checkRange(name as ParameterName, value)
    const changed = new Map([...this.#values, ...Object.entries(changes)])
    checkThrottle(changed)
    this.#values = changed
  }
}

function checkRange(name: ParameterName, value: ParameterValue): void {
  const { range }: Parameter = MIGRATION_PARAMETERS[name]
  if (!range || typeof value !== 'bigint') return
  if (value < range.least || value > range.most) refuse(name, range.words)
}

/** Each of these is bound by another. */
function checkThrottle(values: ReadonlyMap<string, ParameterValue>): void {
  const most = values.get('max-cpu-throttle') ?? 0n
  if (most < (values.get('cpu-throttle-initial') ?? 0n)) {
    refuse('max-cpu-throttle', MIGRATION_PARAMETERS['max-cpu-throttle'].range.words)
  }
  const cache = values.get('xbzrle-cache-size')
  if (typeof cache !== 'bigint' || cache < PAGE || (cache & (cache - 1n)) !== 0n) {
    refuse('xbzrle-cache-size', 'a power of two no less than the target page size')
  }
}

const PAGE = 4096n

/** QEMU names them with `_` here. */
function refuse(name: string, words: string): never {
  fail(HOST_KINDS.parameterRange, { name: name.replaceAll('-', '_'), words })
}
