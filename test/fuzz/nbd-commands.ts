/**
 * Hostile NBD servers through the command lines: each conduct of a server against `nbd info`, `list`, `copy`
 * and `bench`, then conducts whose bytes are changed, cut and reset at random.
 *
 *     npm run fuzz:nbd-commands -- [--runs 100] [--seed N] [--conduct NAME]
 *
 * Fails where a run has no code of an error, takes too long or too much memory, or lets a server's text
 * reach the terminal.
 */
import { parseArgs } from 'node:util'
import { type Conduct, changedAtRandom } from '../nbd/hostile-conduct.ts'
import { CONDUCTS } from '../nbd/hostile-conducts.ts'
import { COMMAND_LINES, findFaults, runAgainst } from '../nbd/hostile-run.ts'
import { Random } from './random.ts'

/** In seconds, until a run is killed. */
const PATIENCE = 60

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100' },
    seed: { type: 'string' },
    conduct: { type: 'string' },
  },
})

const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)
console.log(`seed ${seed}`)
const random = new Random(seed)
const names = Object.keys(CONDUCTS)
let runs = 0
let faulty = 0
let memory = 0
let longest = 0

const tasks: (() => Promise<void>)[] = names
  .filter((name) => (values.conduct ?? name) === name)
  .flatMap((name) => COMMAND_LINES.map((words) => () => judge(name, CONDUCTS[name], words)))
for (let run = 0; run < Number(values.runs); run++) {
  const name = random.pick(names)
  const conduct = changedAtRandom(new Random(random.below(2 ** 31)), CONDUCTS[name] ?? (() => {}))
  const words = random.pick(COMMAND_LINES)
  tasks.push(() => judge(`changed: ${name}`, conduct, words))
}
// Most runs wait for a silent server.
const work = async (): Promise<void> => {
  for (let task = tasks.shift(); task; task = tasks.shift()) await task()
}
await Promise.all(Array.from({ length: 4 }, work))
console.log(
  `${runs} runs, ${faulty} with faults; at most ${Math.round(memory)} MiB and ${longest.toFixed(1)} s`,
)
if (faulty > 0) process.exitCode = 1

async function judge(
  name: string,
  conduct: Conduct | undefined,
  words: readonly string[],
): Promise<void> {
  if (!conduct) return
  const run = await runAgainst(conduct, words, PATIENCE)
  runs++
  memory = Math.max(memory, run.memory)
  longest = Math.max(longest, run.seconds)
  const faults = findFaults(run, words.includes('--json'))
  if (process.env.VERBOSE) {
    console.log(
      `${name}: ${words.join(' ')}: ${run.status} ${Math.round(run.memory)} MiB ${run.seconds.toFixed(1)} s`,
    )
    console.log(`  ${JSON.stringify((run.stdout + run.stderr).slice(0, 300))}`)
  }
  if (faults.length === 0) return
  faulty++
  console.log(`${name}: nbd ${words.join(' ')}: ${faults.join('; ')}`)
  console.log(`  ${JSON.stringify((run.stdout + run.stderr).slice(0, 600))}`)
}
