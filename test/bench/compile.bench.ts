/** Times one policy, read and compiled for every back-end, in a warm process: `node <this file>`. */
import { performance } from 'node:perf_hooks'
import { BACKENDS } from '../../src/backends/all-backends.ts'
import { parsePolicy } from '../../src/policy/policy.ts'
import { policySources } from '../shipped-policies.ts'

/** Milliseconds. */
const BUDGET = 5
const RUNS = 300

const sources = policySources('DEFAULT')

function compile(): number {
  const { policy } = parsePolicy('DEFAULT', sources)
  return BACKENDS.reduce((size, backend) => size + backend.generate(policy).length, 0)
}

function time(): number {
  const start = performance.now()
  compile()
  return performance.now() - start
}

const first = time()
for (let run = 0; run < RUNS; run++) compile()
const times = Array.from({ length: RUNS }, time).toSorted((a, b) => a - b)
const at = (share: number) => (times[Math.floor(share * (RUNS - 1))] ?? 0).toFixed(2)

console.log(`DEFAULT, read and compiled for ${BACKENDS.length} back-ends, ${RUNS} runs:`)
console.log(`  first ${first.toFixed(1)} ms, median ${at(0.5)} ms, 95th percentile ${at(0.95)} ms`)
if (Number(at(0.5)) > BUDGET) {
  console.error(`the median is over the budget of ${BUDGET} ms`)
  process.exitCode = 1
}
