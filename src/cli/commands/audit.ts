/** `cryptopolicy audit`: what a server accepts. */
import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { type CommonOptions, terminalFor, withOutput } from '../command.ts'
import { parseCount, parseWait } from '../option-values.ts'
import type { Terminal } from '../terminal.ts'

type Options = CommonOptions & {
  readonly budget?: number
  readonly rate?: number
  readonly timeout: number
  readonly serverName?: string
}

export function addAudit(program: Command): void {
  const command = program
    .command('audit')
    .summary('what a server accepts')
    .description('Print what a TLS server accepts: versions, suites, groups, signatures and more.')
    .argument('<TARGET>', 'HOST:PORT')
    .option('--budget <N>', 'open at most N connections, and say what stayed unknown', parseCount)
    .option('--rate <N>', 'open at most N connections in a second', parseCount)
    .option('--timeout <SECONDS>', 'how long the server may say nothing', parseWait, 5)
    .option('--server-name <NAME>', 'the name to ask for, instead of HOST')
  withOutput(command).action(audit)
}

async function audit(text: string, options: Options): Promise<void> {
  const { scan } = await import('../../audit/scan/scan.ts')
  const { parseTarget } = await import('../../audit/scan/target.ts')
  const { DEFAULT_LIMITS, DialedSource } = await import('../../audit/connection/dialed-source.ts')
  const terminal = terminalFor(options)
  const { budget, rate, timeout, serverName } = options
  const target = parseTarget(text, SCHEMES)
  const wait = timeout * 1000
  const times = { connecting: wait, silence: wait, duration: 3 * wait }
  const source = new DialedSource(target.address, { ...DEFAULT_LIMITS, ...times, budget, rate })
  const named = serverName === undefined ? target : { ...target, serverName }
  const keep = () => terminal.showStatus(`${text}: ${source.connections} connections`)
  const result = await scan(named, { source, seed: randomBytes(32), keep })
  terminal.showStatus('')
  if (options.json) return terminal.setResult(result)
  await printResult(result, terminal)
}

async function printResult(
  result: Awaited<ReturnType<typeof import('../../audit/scan/scan.ts').scan>>,
  terminal: Terminal,
): Promise<void> {
  const { printScan } = await import('../audit-text.ts')
  for (const line of printScan(result)) terminal.print(line)
}

/** Protocols and their ports. */
const SCHEMES = new Map([['tls', 443]])
