/** OpenSSH's server on a port of its own, and what it says of its configuration. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Connections } from '../../../src/audit/connection/connections.ts'
import { DEFAULT_LIMITS, DialedSource } from '../../../src/audit/connection/dialed-source.ts'
import { scanSsh } from '../../../src/audit/ssh/scan-ssh.ts'
import type { SshScan } from '../../../src/audit/ssh-model.ts'
import { execFileSync } from '../../peers/child-process.ts'
import { SEED } from '../../seed.ts'
import { startPeer } from '../tls-peer.ts'

export const SSHD = '/usr/sbin/sshd'

/** A key of the host, such as `rsa` of 3072 bits; gives its path. */
export function hostKey(folder: string, type: string, bits?: number): string {
  const path = join(folder, `${type}${bits ?? ''}`)
  if (existsSync(path)) return path
  const size = bits === undefined ? [] : ['-b', String(bits)]
  execFileSync('ssh-keygen', ['-q', '-N', '', '-t', type, ...size, '-f', path])
  return path
}

export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sshd-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The keywords of a configuration, in lower case, as `sshd -T` gives them. */
export type ServerConfiguration = ReadonlyMap<string, string>

/** Starts a server with these lines as its configuration. */
export async function startSshd(
  lines: readonly string[],
): Promise<{ readonly port: number; readonly configuration: ServerConfiguration }> {
  // sshd does not start without it, where it runs as root.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true })
  const path = join(scratchFolder(), 'sshd_config')
  writeFileSync(path, ['PidFile none', 'UsePAM no', ...lines, ''].join('\n'))
  const port = await startPeer(SSHD, (free) => [
    ...['-D', '-e', '-f', path],
    ...['-o', `ListenAddress=127.0.0.1:${free}`],
  ])
  const shown = execFileSync(SSHD, ['-T', '-f', path])
  const pairs = shown.split('\n').map((line) => {
    const [keyword = '', ...value] = line.split(' ')
    return [keyword, value.join(' ')] as const
  })
  return { port, configuration: new Map(pairs) }
}

/** Connections to a port of this host. */
export function connectionsTo(port: number): Connections {
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const
  const limits = { ...DEFAULT_LIMITS, connecting: 60_000, silence: 60_000, duration: 60_000 }
  const source = new DialedSource(address, limits)
  return new Connections({ source, seed: Buffer.alloc(32, SEED) })
}

export async function scanPort(port: number): Promise<SshScan & { readonly connections: number }> {
  const connections = connectionsTo(port)
  const scan = await scanSsh((claim, converse) => connections.ask(claim, converse))
  return { ...scan, connections: connections.count }
}
