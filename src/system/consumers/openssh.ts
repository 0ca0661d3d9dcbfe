/** OpenSSH, client and server: both end at the first value that they do not know. */
import {
  askProgram,
  type CheckDepth,
  type Consumer,
  type ConsumerFinding,
  ConsumerUnusable,
  findProgram,
  findRefused,
  firstLine,
  type Workbench,
} from './consumer.ts'

/** Gives undefined, or what the program says against the configuration. */
type Accepts = (config: string) => Promise<string | undefined>

/** The values that a release has for a setting, or undefined where that cannot be told. */
type KnownValues = (setting: string) => Promise<ReadonlySet<string> | undefined>

type Program = { readonly accepts: Accepts; readonly knownValues: KnownValues }

type BadLine = {
  readonly line: number
  /** What was said of it, and all that was said before. */
  readonly words: string
  readonly output: string
}

/** What is wrong with a line, and what is left of it then. */
type Explained = { readonly findings: readonly ConsumerFinding[]; readonly rest: string }

/** What was told is taken out of the lines, until nothing is left to tell. */
async function checkSettings(
  config: string,
  program: Program,
  depth: CheckDepth,
): Promise<readonly ConsumerFinding[]> {
  const lines = config.split('\n')
  const findings: ConsumerFinding[] = []
  // Each line is told twice at the most.
  for (let round = 0; round <= 2 * lines.length; round++) {
    const output = await program.accepts(lines.join('\n'))
    if (output === undefined) return findings
    const bad = readBadLines(output).filter(({ line }) => lines[line - 1])
    if (bad.length === 0) {
      if ((await program.accepts('')) !== undefined) {
        throw new ConsumerUnusable(`does not work here: ${firstLine(output)}`)
      }
      return [...findings, { effect: 'stops', complaint: firstLine(output) }]
    }
    const [first] = bad
    if (first && depth === 'first-stop') return [firstStop(first)]
    for (const found of bad) {
      const told = await explainLine(found, lines[found.line - 1] ?? '', program)
      findings.push(...told.findings)
      lines[found.line - 1] = told.rest
    }
  }
  return findings
}

function firstStop({ line, words }: BadLine): ConsumerFinding {
  return {
    effect: 'stops',
    line,
    complaint: words.replaceAll(/'[^']{40,}'?/g, (list) => `${list.slice(0, 40)}...'`),
  }
}

function readBadLines(output: string): readonly BadLine[] {
  return [...output.matchAll(/line (\d+): (.*)/g)].map(([, line, words]) => ({
    line: Number(line),
    words: words ?? '',
    output,
  }))
}

/** How many characters of a list a message of ssh quotes, at least. */
const SHOWN_LENGTH = 500

/** A list of names alone: it neither adds to the list that is built in, nor has patterns. */
const IS_PLAIN_LIST = /^\w[\w@.,-]*$/

async function explainLine(
  { line, words, output }: BadLine,
  text: string,
  { accepts, knownValues }: Program,
): Promise<Explained> {
  const [setting = '', list = ''] = text.trim().split(/[\s=]+/, 2)
  const effect = 'stops'
  const unknown = (value: string | null): ConsumerFinding => ({
    effect,
    line,
    unknown: { setting, value },
  })
  if (words.startsWith('Bad configuration option')) return { findings: [unknown(null)], rest: '' }
  // `Bad SSH2 cipher spec 'x'` is about names; `integer value invalid` is not.
  // It cuts off what is long.
  const complaint: Explained = { findings: [{ effect, line, complaint: words }], rest: '' }
  if (!words.includes(`'${list.slice(0, SHOWN_LENGTH)}`)) return complaint
  const values = list.split(',')
  const known = IS_PLAIN_LIST.test(list) ? await knownValues(setting) : undefined
  const others = values.filter((value) => known?.has(value))
  // The next run with the others tells whether that is all.
  if (known && others.length < values.length) {
    const missing = values.filter((value) => !known.has(value))
    const rest = others.length > 0 ? `${setting} ${others.join(',')}` : ''
    return { findings: missing.map(unknown), rest }
  }
  const ask = (some: readonly string[]) => accepts(`${setting} ${some.join(',')}\n`)
  const refused = await findRefusedByName(values, output, ask)
  return refused.length === 0 ? complaint : { findings: refused.map(unknown), rest: '' }
}

/** For some settings ssh names the first unknown value; for others the list is halved until it is found. */
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

/** `ssh -Q SETTING` lists what it has. */
async function listValues(ssh: string, setting: string): Promise<ReadonlySet<string> | undefined> {
  const { status, output } = await askProgram(ssh, ['-Q', setting])
  return status === 0 ? new Set(output.trim().split('\n')) : undefined
}

/** sshd cannot be asked. It has the values of ssh where both are of one release. */
async function listServerValues(
  sshd: string,
  setting: string,
): Promise<ReadonlySet<string> | undefined> {
  const ssh = findProgram(SSH.program)
  if (ssh === undefined) return undefined
  const [client, server, values] = await Promise.all([
    readRelease(ssh, SSH),
    readRelease(sshd, SSHD),
    listValues(ssh, setting),
  ])
  return client !== undefined && client === server ? values : undefined
}

async function readRelease(path: string, { versionArguments }: Consumer) {
  const { output } = await askProgram(path, versionArguments)
  return /OpenSSH_\w+\.\d+/.exec(output)?.[0]
}

async function checkClient(
  workbench: Workbench,
  config: string,
  depth: CheckDepth,
): Promise<readonly ConsumerFinding[]> {
  const accepts = async (text: string) => {
    const path = workbench.write('ssh_config', text)
    const { status, output } = await workbench.run(['-G', '-F', path, 'host.invalid'])
    return status === 0 ? undefined : output
  }
  const knownValues = (setting: string) => listValues(workbench.program, setting)
  return checkSettings(config, { accepts, knownValues }, depth)
}

/** It looks for host keys when it has read all settings; without any it has nothing more to say. */
const ALL_READ = /no hostkeys available/

async function checkServer(
  workbench: Workbench,
  config: string,
  depth: CheckDepth,
): Promise<readonly ConsumerFinding[]> {
  const accepts = async (text: string) => {
    const path = workbench.write('sshd_config', text)
    const { status, output } = await workbench.run(['-t', '-h', '/dev/null', '-f', path])
    return status === 0 || ALL_READ.test(output) ? undefined : output
  }
  const knownValues = (setting: string) => listServerValues(workbench.program, setting)
  return checkSettings(config, { accepts, knownValues }, depth)
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
