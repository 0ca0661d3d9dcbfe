/** OpenSSH, client and server: both end at the first value that they do not know. */
import {
  type Consumer,
  ConsumerUnusable,
  type Finding,
  findRefused,
  firstLine,
  type Workbench,
} from './consumer.ts'

/** Gives undefined, or what the program says against the configuration. */
type Accepts = (config: string) => Promise<string | undefined>

type BadLine = {
  readonly line: number
  /** What was said of it, and all that was said before. */
  readonly words: string
  readonly output: string
}

/** Lines that were told are emptied, until nothing is left to tell. */
async function checkSettings(config: string, accepts: Accepts): Promise<readonly Finding[]> {
  const lines = config.split('\n')
  const findings: Finding[] = []
  for (let round = 0; round <= lines.length; round++) {
    const output = await accepts(lines.join('\n'))
    if (output === undefined) return findings
    const bad = readBadLines(output).filter(({ line }) => lines[line - 1])
    if (bad.length === 0) {
      if ((await accepts('')) !== undefined) throw new ConsumerUnusable(firstLine(output))
      return [...findings, { effect: 'stops', complaint: firstLine(output) }]
    }
    for (const found of bad) {
      findings.push(...(await explainLine(found, lines[found.line - 1] ?? '', accepts)))
      lines[found.line - 1] = ''
    }
  }
  return findings
}

function readBadLines(output: string): readonly BadLine[] {
  return [...output.matchAll(/line (\d+): (.*)/g)].map(([, line, words]) => ({
    line: Number(line),
    words: words ?? '',
    output,
  }))
}

async function explainLine(
  { line, words, output }: BadLine,
  text: string,
  accepts: Accepts,
): Promise<readonly Finding[]> {
  const [setting = '', list = ''] = text.trim().split(/[\s=]+/, 2)
  const effect = 'stops'
  if (words.startsWith('Bad configuration option')) {
    return [{ effect, line, unknown: { setting, value: null } }]
  }
  const ask = (values: readonly string[]) => accepts(`${setting} ${values.join(',')}\n`)
  const refused = await findRefusedByName(list.split(','), output, ask)
  // `Bad SSH2 cipher spec 'x'` is about names; `integer value invalid` is not.
  if (refused.length === 0 || !words.includes(`'${list}'`))
    return [{ effect, line, complaint: words }]
  return refused.map((value) => ({ effect, line, unknown: { setting, value } }))
}

/** For some settings it names the first value that it does not know; otherwise lists are halved. */
async function findRefusedByName(
  values: readonly string[],
  words: string,
  ask: (values: readonly string[]) => Promise<string | undefined>,
): Promise<readonly string[]> {
  const named = values.find((value) => words.includes(`"${value}"`))
  if (named === undefined) {
    return findRefused(values, async (some) => (await ask(some)) === undefined)
  }
  const others = values.filter((value) => value !== named)
  const output = others.length === 0 ? undefined : await ask(others)
  if (output === undefined) return [named]
  return [named, ...(await findRefusedByName(others, output, ask))]
}

async function checkClient(workbench: Workbench, config: string): Promise<readonly Finding[]> {
  return checkSettings(config, async (text) => {
    const path = await workbench.write('ssh_config', text)
    const { status, output } = await workbench.run(['-G', '-F', path, 'host.invalid'])
    return status === 0 ? undefined : output
  })
}

/** It looks for host keys when it has read all settings; without any it has nothing more to say. */
const ALL_READ = /no hostkeys available/

async function checkServer(workbench: Workbench, config: string): Promise<readonly Finding[]> {
  return checkSettings(config, async (text) => {
    const path = await workbench.write('sshd_config', text)
    const { status, output } = await workbench.run(['-t', '-h', '/dev/null', '-f', path])
    return status === 0 || ALL_READ.test(output) ? undefined : output
  })
}

export const SSH: Consumer = {
  backend: 'openssh',
  program: 'ssh',
  failure: 'would make no connection',
  locksOut: true,
  versionArguments: ['-V'],
  check: checkClient,
}

export const SSHD: Consumer = {
  backend: 'opensshserver',
  program: 'sshd',
  failure: 'would not start',
  locksOut: true,
  versionArguments: ['-V'],
  check: checkServer,
}
