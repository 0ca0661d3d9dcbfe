/**
 * Feeds random bytes and mutated policies to the parser, the linter, every back-end and the dump.
 *
 *     npm run fuzz -- [--runs 100000] [--seed N]
 *
 * Fails at the first exception and at the first input that takes longer than a second; prints the
 * seed and the input.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { BACKENDS } from '../../src/backends/all-backends.ts'
import { hasErrors } from '../../src/diagnostics/diagnostic.ts'
import { printDiagnostic } from '../../src/diagnostics/print-diagnostic.ts'
import { dumpPolicy } from '../../src/policy/dump.ts'
import { fixSource } from '../../src/policy/lint/fix.ts'
import { lintContext, readContext } from '../../src/policy/lint/lint-policy.ts'
import { parsePolicy } from '../../src/policy/policy.ts'
import { readPolicyCorpus } from '../policy-corpus.ts'
import { Random } from './random.ts'

const LIMIT_MILLISECONDS = 1000

/** Linting evaluates a policy many times over, so it sees every tenth input only. */
const LINTED = 10

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '100000' }, seed: { type: 'string' } },
})
const runs = Number(values.runs)
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)

const POLICIES = join(import.meta.dirname, '..', '..', 'policies')
const texts = [
  ...readdirSync(POLICIES, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.p(ol|mod)$/.test(name))
    .map((name) => readFileSync(join(POLICIES, name), 'utf8')),
  ...readPolicyCorpus().flatMap(({ files }) => Object.values(files)),
]

/** What breaks parsers: structure, wildcards, line ends, characters that look like others. */
const FRAGMENTS = [
  ...['=', '==', ' = ', '@', '@@', '@!', '{', '}', '{}', ',', '*', '?', '[', '[!', ']', '-', '+'],
  ...['\\', '\\\n', '\n', '\r\n', '\r', '\0', '\ufeff', '\u2028', '\u0085', '\u00a0', '#', '# %'],
  ...['# %suppress_experimental_value_warnings=true', 'min_tls_version = ', 'ssh_etm = 0'],
  ...['tls_cipher = ', 'sha1_in_dnssec = 1', 'X25519-MLKEM768', '99999999999999999999', '-0', 'é'],
  ...['__proto__ = 1', 'constructor = ', 'toString@tls = ', '\ud800', '*'.repeat(50)],
] as const

function randomBytes(random: Random): string {
  const bytes = Buffer.from(Array.from({ length: random.below(400) }, () => random.below(256)))
  return bytes.toString(random.below(2) === 0 ? 'utf8' : 'latin1')
}

function mutate(random: Random): string {
  let text = random.pick(texts)
  for (let count = 1 + random.below(8); count > 0; count--) {
    const at = random.below(text.length + 1)
    const length = random.below(4) === 0 ? random.below(200) : random.below(3)
    const insert = random.below(3) === 0 ? '' : random.pick(FRAGMENTS)
    text = text.slice(0, at) + insert + text.slice(at + length)
  }
  return text
}

/** Everything that an administrator's file goes through. */
function exercise(text: string, lints: boolean): void {
  const source = { name: 'FUZZ.pol', text }
  const { policy, diagnostics } = parsePolicy('FUZZ', [source])
  for (const diagnostic of diagnostics) printDiagnostic(diagnostic)
  if (!hasErrors(diagnostics)) {
    for (const backend of BACKENDS) backend.generate(policy)
    dumpPolicy(policy)
  }
  if (!lints) return
  fixSource(source)
  lintContext(readContext('FUZZ', [{ source, kind: 'base' }]))
}

console.log(`seed ${seed}, ${runs} runs`)
const random = new Random(seed)
let slowest = 0
for (let run = 1; run <= runs; run++) {
  const text = random.below(4) === 0 ? randomBytes(random) : mutate(random)
  const start = performance.now()
  try {
    exercise(text, run % LINTED === 0)
  } catch (error) {
    console.error(`run ${run}, seed ${seed}: ${JSON.stringify(text)}`)
    throw error
  }
  const took = performance.now() - start
  slowest = Math.max(slowest, took)
  if (took > LIMIT_MILLISECONDS) {
    throw new Error(`run ${run}, seed ${seed} took ${took} ms: ${JSON.stringify(text)}`)
  }
  if (run % 10_000 === 0) console.log(`${run} runs, slowest ${slowest.toFixed(1)} ms`)
}
console.log(`${runs} runs, 0 crashes, slowest ${slowest.toFixed(1)} ms`)
