/** OpenSSH, client and server: both stop at the first value that they do not know. */
import {
  type Consumer,
  ConsumerUnusable,
  findProgram,
  findRefused,
  runProgram,
  type UnknownValue,
  type Verdict,
  type Workbench,
} from './consumer.ts'

type Accepts = (config: string) => Promise<string | undefined>

/** `accepts` gives undefined, or what the program says against the configuration. */
async function checkSettings(config: string, accepts: Accepts): Promise<Verdict> {
  const broken = await accepts('')
  if (broken !== undefined) throw new ConsumerUnusable(broken)
  if ((await accepts(config)) === undefined) return { unknown: [], complaints: [] }
  const unknown: UnknownValue[] = []
  const complaints: string[] = []
  for (const line of config.split('\n')) {
    const complaint = await accepts(`${line}\n`)
    if (complaint === undefined) continue
    const [setting = '', list = ''] = line.split(' ')
    const refuses = async (value: string) => (await accepts(`${setting} ${value}\n`)) === undefined
    const refused = await findRefused(list.split(','), refuses)
    unknown.push(...refused.map((value) => ({ setting, value })))
    if (refused.length === 0) complaints.push(complaint)
  }
  return { unknown, complaints }
}

async function checkClient(workbench: Workbench, config: string): Promise<Verdict> {
  return checkSettings(config, async (text) => {
    const path = await workbench.write('ssh_config', text)
    const { status, output } = await workbench.run(['-G', '-F', path, 'host.invalid'])
    return status === 0 ? undefined : firstLine(output)
  })
}

async function checkServer(workbench: Workbench, config: string): Promise<Verdict> {
  const key = workbench.scratch('host-key')
  const generator = findProgram('ssh-keygen') ?? 'ssh-keygen'
  const made = await runProgram(generator, ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  if (made.status !== 0) throw new ConsumerUnusable('ssh-keygen is not installed')
  return checkSettings(config, async (text) => {
    const path = await workbench.write('sshd_config', text)
    const { status, output } = await workbench.run(['-t', '-h', key, '-f', path])
    return status === 0 ? undefined : firstLine(output)
  })
}

function firstLine(output: string): string {
  return output.trim().split('\n')[0] ?? ''
}

export const SSH: Consumer = {
  backend: 'openssh',
  program: 'ssh',
  versionArguments: ['-V'],
  check: checkClient,
}

export const SSHD: Consumer = {
  backend: 'opensshserver',
  program: 'sshd',
  versionArguments: ['-V'],
  check: checkServer,
}
