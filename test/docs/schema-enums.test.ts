/**
 * The closed sets of words in docs/schemas, held against the types of the sources: a word that a type has and
 * the table lacks, or the other way round, does not compile.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { FindingSeverity, FindingVerdict } from '../../src/audit/compare/finding.ts'
import type { Order } from '../../src/audit/model.ts'
import type { ClearText } from '../../src/audit/upgrades/upgrade.ts'
import type { Fault, Severity } from '../../src/diagnostics/diagnostic.ts'
import type { Inspection } from '../../src/migration/inspect/channel-inspection.ts'
import type { Consequence, Difference } from '../../src/migration/inspect/difference.ts'
import type { Check } from '../../src/migration/preflight/check.ts'
import type { SectionKind } from '../../src/migration/stream/constants.ts'
import type { GuestEvent } from '../../src/monitor/host/guest-event.ts'
import { BENCH_PATTERNS } from '../../src/nbd/bench.ts'
import type { Causes, PolicyChange } from '../../src/policy/compare.ts'
import type { Exactness } from '../../src/priority/convert/convert-diagnostics.ts'
import type { ListName } from '../../src/priority/priority-lists.ts'
import type { ChainLink } from '../../src/priority/resolution-chain.ts'
import type { PriorityOptions } from '../../src/priority/string-options.ts'
import type { SystemRules } from '../../src/priority/system-rules.ts'
import type { Decision } from '../../src/priority/verdict.ts'
import type { FoundApplication } from '../../src/system/applications.ts'
import type { BuiltFile } from '../../src/system/build.ts'
import type { ConsumerFinding } from '../../src/system/consumers/consumer.ts'
import type { Drift } from '../../src/system/drift.ts'
import { ROOT } from '../cli/command.ts'
import { SCHEMA_FILES } from '../cli/json-output.ts'

/** The words of a type, each named once. */
function wordsOf<Word extends string>(words: Record<Word, true>): readonly string[] {
  return Object.keys(words).toSorted()
}

const LISTS = wordsOf<ListName>({
  protocols: true,
  ciphers: true,
  macs: true,
  keyExchanges: true,
  groups: true,
  signatures: true,
  clientCertificates: true,
  serverCertificates: true,
})

/** A migration is received by the channels that QEMU sends without post-copy. */
type ReceivedKind = Exclude<Inspection['kind'], 'preempt' | 'return-path'>

const ORDERS = wordsOf<Order>({ server: true, client: true, unknown: true })

/** Each enum by its file and the names that lead to it. */
const ENUMS: Readonly<Record<string, readonly string[]>> = {
  'audit.v1.json clearText kind': wordsOf<ClearText['kind']>({
    accepted: true,
    refused: true,
    unknown: true,
  }),
  'audit.v1.json finding severity': wordsOf<FindingSeverity>({
    critical: true,
    high: true,
    medium: true,
    low: true,
    info: true,
    unknown: true,
  }),
  'audit.v1.json finding verdict': wordsOf<FindingVerdict>({
    'forbidden-but-accepted': true,
    'allowed-but-absent': true,
    'weaker-order': true,
    'below-minimum': true,
    'client-certificate-not-required': true,
    'clear-text-accepted': true,
    changed: true,
    unknown: true,
  }),
  'audit.v1.json tls groups order': ORDERS,
  'audit.v1.json tls protocols order': ORDERS,
  'audit.v1.json tls signatures order': ORDERS,
  'audit.v1.json tls suites order': ORDERS,
  'build.v1.json result files outcome': wordsOf<BuiltFile['outcome']>({
    written: true,
    same: true,
    differs: true,
  }),
  'build.v1.json result verification problems effect': wordsOf<ConsumerFinding['effect']>({
    stops: true,
    'ignores-file': true,
    'ignores-setting': true,
    'ignores-value': true,
  }),
  'convert.v1.json result exactness': wordsOf<Exactness>({
    exact: true,
    subset: true,
    looser: true,
  }),
  'endpoint-run-log.v1.json way': wordsOf<GuestEvent['way']>({
    in: true,
    out: true,
    through: true,
  }),
  'envelope.v1.json diagnostic severity': wordsOf<Severity>({
    error: true,
    warning: true,
    note: true,
  }),
  'envelope.v1.json diagnostic fault': wordsOf<Fault>({
    answer: true,
    usage: true,
    input: true,
    missing: true,
    unavailable: true,
    write: true,
    permission: true,
  }),
  'envelope.v1.json mode': wordsOf<SystemRules['mode']>({ blocklist: true, allowlist: true }),
  'envelope.v1.json change kind': wordsOf<Exclude<PolicyChange['kind'], 'set' | 'reordered'>>({
    enabled: true,
    disabled: true,
  }),
  'envelope.v1.json change side': wordsOf<keyof Causes>({ before: true, after: true }),
  'explain.v1.json tokens adjustments list': LISTS,
  'explain.v1.json effect list': LISTS,
  'explain.v1.json part by': wordsOf<Decision['by']>({
    token: true,
    start: true,
    adjustment: true,
    prohibition: true,
    nothing: true,
  }),
  'list.v1.json result removed list': LISTS,
  'list.v1.json result options renegotiation': wordsOf<PriorityOptions['renegotiation']>({
    disabled: true,
    unsafe: true,
    partial: true,
    safe: true,
  }),
  'list.v1.json result options firstRecordVersion': wordsOf<PriorityOptions['firstRecordVersion']>({
    ssl3: true,
    latest: true,
  }),
  'migrate-inspect.v1.json migration format': wordsOf<'stream' | 'mapped-ram'>({
    stream: true,
    'mapped-ram': true,
  }),
  'migrate-inspect.v1.json migration sections kind': wordsOf<SectionKind>({
    START: true,
    PART: true,
    END: true,
    FULL: true,
  }),
  'migrate-inspect.v1.json comparison differences kind': wordsOf<Difference['kind']>({
    machine: true,
    'page size': true,
    capability: true,
    uuid: true,
    block: true,
    device: true,
    field: true,
  }),
  'migrate-inspect.v1.json comparison differences consequence': wordsOf<Consequence>({
    refuses: true,
    'may refuse': true,
    takes: true,
  }),
  'migrate-preflight.v1.json result checks outcome': wordsOf<Check['outcome']>({
    passed: true,
    warning: true,
    failed: true,
    'not checked': true,
  }),
  'migrate-receive.v1.json result channels kind': wordsOf<ReceivedKind>({
    main: true,
    multifd: true,
  }),
  'nbd-bench.v1.json result results pattern': BENCH_PATTERNS.toSorted(),
  'resolve.v1.json result chain state': wordsOf<ChainLink['state']>({
    wins: true,
    asks: true,
    'passed over': true,
    absent: true,
  }),
  'update-policies.v1.json check drift kind': wordsOf<Drift['kind']>({
    differs: true,
    missing: true,
    unreadable: true,
    unexpected: true,
  }),
  'update-policies.v1.json list-applications applications state': wordsOf<
    FoundApplication['state']
  >({ enabled: true, 'not enabled': true, masked: true }),
}

/** What JSON Schema itself puts between the names of a document. */
const KEYWORDS = ['$defs', 'properties', 'items', 'anyOf', 'oneOf']

test('the enums of the schemas are the words of the types', () => {
  const found = SCHEMA_FILES.flatMap((file) => enumsOf(file, readSchema(file)))
  expect(Object.fromEntries(found)).toEqual(ENUMS)
})

function readSchema(file: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, 'docs', 'schemas', file), 'utf8'))
}

function enumsOf(path: string, schema: unknown): readonly (readonly [string, readonly string[]])[] {
  if (typeof schema !== 'object' || schema === null) return []
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key === 'enum') return [[path, value.toSorted()] as const]
    const isName = !KEYWORDS.includes(key) && !/^\d+$/.test(key)
    return enumsOf(isName ? `${path} ${key}` : path, value)
  })
}
