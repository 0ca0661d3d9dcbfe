/**
 * Starts endpoints with random priority strings, enumerates everything that they negotiate, and
 * compares it with what the strings allow.
 *
 *     npm run soak:tls -- [--strings 200] [--seed N]
 *
 * Fails where an endpoint negotiates what its string does not allow, or does not negotiate what it
 * promises; prints the seed and the strings.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Random } from '../priority/random-priorities.ts'
import { tryString, usableCase } from '../tls/prober/try-string.ts'

type Share = { readonly seed: number; readonly strings: number }
type Result = { readonly tried: number; readonly empty: number; readonly problems: string[] }

if (isMainThread) await main()
else parentPort?.postMessage(await tryShare(workerData as Share))

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { strings: { type: 'string', default: '200' }, seed: { type: 'string' } },
  })
  const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)
  const strings = Number(values.strings)
  console.log(`never looser: ${strings} strings, seed ${seed}`)
  const started = Date.now()
  const workers = availableParallelism()
  const shares = Array.from({ length: workers }, (_, index) => ({
    seed: seed + index,
    strings: Math.floor(strings / workers) + (index < strings % workers ? 1 : 0),
  }))
  const results = await Promise.all(shares.map(runWorker))
  report(results, Math.round((Date.now() - started) / 1000))
}

function report(results: readonly Result[], seconds: number): void {
  const problems = results.flatMap((result) => result.problems)
  const sum = (pick: (result: Result) => number): number =>
    results.reduce((total, result) => total + pick(result), 0)
  for (const problem of problems) console.log(problem)
  const counts = `${sum(({ tried }) => tried)} endpoints enumerated, ${sum(({ empty }) => empty)} empty`
  console.log(`${counts}, ${problems.length} problems, ${seconds} s`)
  process.exitCode = problems.length > 0 ? 1 : 0
}

function runWorker(share: Share): Promise<Result> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: share })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

async function tryShare({ seed, strings }: Share): Promise<Result> {
  const random = new Random(seed)
  const result = { tried: 0, empty: 0, problems: [] as string[] }
  for (let index = 0; index < strings; index++) {
    const drawn = usableCase(random)
    for (const { role, isEmpty, looser, missing } of await tryString(drawn)) {
      if (isEmpty) result.empty++
      else result.tried++
      const about = `${role} of ${JSON.stringify({ ...drawn, evaluation: undefined })}`
      if (looser.length > 0) result.problems.push(`LOOSER ${about}: ${looser.join(', ')}`)
      if (missing.length > 0) result.problems.push(`missing ${about}: ${missing.join(', ')}`)
    }
  }
  return result
}
