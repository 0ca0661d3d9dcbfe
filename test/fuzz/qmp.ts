/**
 * Feeds mutated commands to the monitor, in sessions on pairs of streams within this process.
 *
 *     npm run fuzz:qmp -- [--commands 100000] [--seed N]
 *
 * The commands are those of the scripts that are compared with QEMU. After each batch the session has to answer a
 * plain command. Fails at a crash, at a session that takes longer than 60 seconds, and when the memory grows
 * without bound.
 */
import { once } from 'node:events'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import { parseArgs } from 'node:util'
import { HostEndpoints } from '../../src/monitor/host/host-endpoints.ts'
import { QmpSession } from '../../src/monitor/server/qmp-session.ts'
import { Random } from './random.ts'

const { values } = parseArgs({
  options: { commands: { type: 'string', default: '100000' }, seed: { type: 'string' } },
})
const total = Number(values.commands)
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)
const random = new Random(seed)

const BATCH = 200
const PATIENCE = 60_000
const MEMORY_LIMIT = 700 << 20

const scratch = mkdtempSync(join(tmpdir(), 'cryptopolicy-qmp-'))
writeFileSync(join(scratch, 'disk'), '')
truncateSync(join(scratch, 'disk'), 1_048_576)

const SCRIPTS = join(import.meta.dirname, '..', 'monitor', 'scripts')
const LINES = readdirSync(SCRIPTS)
  .flatMap((name) => readFileSync(join(SCRIPTS, name), 'utf8').split('\n'))
  .filter((line) => line !== '' && !line.startsWith('#') && !line.includes('"quit"'))
  .map((line) => line.replaceAll(/\{(CERTS|PSK|TMP)\}/g, scratch))

const WORDS = [
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '"',
  "'",
  '\\',
  'null',
  'true',
  '-1',
  '18446744073709551616',
  '1e999',
]

function mutate(line: string): string {
  let text = line
  for (let change = random.below(4); change > 0; change--) {
    const at = random.below(text.length + 1)
    const kind = random.below(6)
    if (kind === 0) text = text.slice(0, at) + text.slice(at + 1 + random.below(8))
    else if (kind === 1) text = text.slice(0, at) + random.pick(WORDS) + text.slice(at)
    else if (kind === 2)
      text = text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1)
    else if (kind === 3) text = text.slice(0, at) + random.pick(LINES).slice(random.below(40))
    else if (kind === 4) text = text.replace(/"[a-z-]+"/, () => `"${random.pick(WORDS)}"`)
    else text = text.replace(/[0-9]+/, () => random.pick(WORDS))
  }
  // A mutation must not make files outside the folder.
  return text.includes('path') && !text.includes(scratch) ? '' : text
}

async function runBatch(host: HostEndpoints): Promise<void> {
  const [ours, theirs] = duplexPair()
  const session = new QmpSession(host, ours)
  const running = session.run()
  let heard = ''
  theirs.setEncoding('latin1').on('data', (text: string) => {
    heard = (heard + text).slice(-100_000)
  })
  theirs.write('{"execute":"qmp_capabilities","arguments":{"enable":["oob"]}}\n')
  const commands = Array.from({ length: BATCH }, () => mutate(random.pick(LINES)))
  for (const command of commands) theirs.write(Buffer.from(`${command}\n`, 'latin1'))
  // What was left open is closed, whatever it was.
  theirs.write('\0"\0\'\0@\n{"execute":"query-name","id":"end"}\n')
  const timer = setTimeout(() => fail(commands, 'no end'), PATIENCE)
  theirs.end()
  await running
  ours.end()
  await once(theirs, 'end')
  clearTimeout(timer)
  if (!heard.includes('"id": "end"')) fail(commands, heard.slice(-500))
}

function fail(commands: readonly string[], reason: string): never {
  console.error(`seed ${seed}: ${reason}\n${commands.join('\n')}`)
  process.exit(1)
}

/** A guest may come, and be passed on. */
function startHost(): HostEndpoints {
  return new HostEndpoints({ guestPath: join(scratch, 'guest') })
}

console.log(`seed ${seed}`)
let host = startHost()
for (let done = 0; done < total; done += BATCH) {
  await runBatch(host)
  if (done % (BATCH * 100) === 0) {
    await host.close()
    host = startHost()
  }
  if (process.memoryUsage().rss > MEMORY_LIMIT) fail([], `memory ${process.memoryUsage().rss}`)
}
await host.close()
rmSync(scratch, { recursive: true })
console.log(`${total} commands, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`)
