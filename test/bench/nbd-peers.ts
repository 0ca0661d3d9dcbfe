/** The servers that are compared: ours, qemu-nbd and nbdkit, all with the same keys. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../peers/port.ts'

const ROOT = join(import.meta.dirname, '..', '..')
export const CRYPTOPOLICY = join(ROOT, 'bin', 'cryptopolicy')

/** A folder of its own, and a way to remove it. */
export type Scratch = { readonly folder: string; readonly remove: () => void }

/** @param parent Where it is made; memory keeps disks out of the measurement. */
export function makeScratch(parent = tmpdir()): Scratch {
  const folder = mkdtempSync(join(parent, 'cryptopolicy-bench-'))
  chmodSync(folder, 0o755)
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Runs a program to its end. @throws where it fails. */
export function run(program: string, args: readonly string[], environment = process.env): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    env: environment,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} gave ${status}: ${stderr}`)
  return stdout
}

/**
 * Keys that every peer can use, in the folder that libnbd of a user looks in.
 *
 * @param key As `pki --key` takes it.
 */
export function makeKeys(home: string, key = 'rsa:2048'): string {
  const folder = join(home, '.pki', 'libnbd')
  mkdirSync(folder, { recursive: true })
  run(CRYPTOPOLICY, ['pki', 'init', folder, '--key', key])
  for (const role of ['server', 'client']) {
    const names = ['--dns', 'localhost', '--ip', '127.0.0.1']
    run(CRYPTOPOLICY, ['pki', 'issue', role, folder, '--key', key, ...names])
  }
  return folder
}

export type Peer = { readonly name: string; readonly port: number; readonly process: ChildProcess }

export async function startOurs(keys: string, args: readonly string[]): Promise<Peer> {
  const object = `tls-creds-x509,id=tls0,dir=${keys},endpoint=server,priority=NORMAL`
  return start('ours', CRYPTOPOLICY, (port) => [
    ...['nbd', 'serve', '-q', '-t', '-e', '0', '-b', '127.0.0.1', '-p', `${port}`],
    ...['--object', object, '--tls-creds', 'tls0', ...args],
  ])
}

export async function startQemu(keys: string, image: string): Promise<Peer> {
  const object = `tls-creds-x509,id=tls0,dir=${keys},endpoint=server`
  return start('qemu-nbd', 'qemu-nbd', (port) => [
    ...['-t', '-e', '0', '-f', 'raw', '-b', '127.0.0.1', '-p', `${port}`],
    ...['--object', object, '--tls-creds', 'tls0', image],
  ])
}

export async function startNbdkit(keys: string, image: string): Promise<Peer> {
  return start('nbdkit', 'nbdkit', (port) => [
    ...['-f', '-i', '127.0.0.1', '-p', `${port}`],
    ...['--tls=require', `--tls-certificates=${keys}`, '--tls-verify-peer', 'file', image],
  ])
}

export async function start(
  name: string,
  program: string,
  argsOf: (port: number) => readonly string[],
): Promise<Peer> {
  const port = await freePort()
  const child = spawn(program, argsOf(port), { stdio: 'ignore' })
  for (let tries = 0; !(await listens(port)); tries++) {
    if (tries > 100 || child.exitCode !== null) throw new Error(`${name} does not listen`)
    await delay(100)
  }
  return { name, port, process: child }
}

export async function stop(peers: readonly Peer[]): Promise<void> {
  for (const { process: child } of peers) {
    if (child.exitCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Resident memory of a process in MiB. */
export function residentMiB({ process: child }: Peer): number {
  return Number(run('ps', ['-o', 'rss=', '-p', `${child.pid}`])) / 1024
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
