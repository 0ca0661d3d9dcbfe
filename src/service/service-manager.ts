/**
 * What systemd and its like want to know of a service, and what they hand to it: sd_notify(3) and
 * sd_listen_fds(3).
 */
import { spawnSync } from 'node:child_process'
import { loadLibc } from '../files/libc.ts'

/** Descriptors that are handed over begin here. */
const FIRST_DESCRIPTOR = 3

/** More than any service has; a number that is larger is none. */
const DESCRIPTOR_LIMIT = 256

/** The descriptors of sockets that listen already; none where the service was started otherwise. */
export function listenDescriptors(environment = process.env): readonly number[] {
  const { LISTEN_PID, LISTEN_FDS } = environment
  if (Number(LISTEN_PID) !== process.pid) return []
  const count = /^\d{1,3}$/.test(LISTEN_FDS ?? '') ? Number(LISTEN_FDS) : 0
  if (count > DESCRIPTOR_LIMIT) return []
  return Array.from({ length: count }, (_, index) => FIRST_DESCRIPTOR + index)
}

/** The same sockets by their names, `FileDescriptorName=`; a name may stand for several. */
export function namedDescriptors(
  environment = process.env,
): ReadonlyMap<string, readonly number[]> {
  const names = (environment.LISTEN_FDNAMES ?? '').split(':')
  const named = new Map<string, readonly number[]>()
  listenDescriptors(environment).forEach((descriptor, index) => {
    const name = names[index] ?? ''
    named.set(name, [...(named.get(name) ?? []), descriptor])
  })
  return named
}

/** Tells a state such as `READY=1`; does nothing where no service manager asked for it. */
export function notifyServiceManager(state: string): void {
  const path = process.env.NOTIFY_SOCKET
  if (!path) return
  if (loadLibc()?.sendDatagram(path, state)) return
  // systemd has a program for those who cannot send datagrams.
  spawnSync('systemd-notify', [`--pid=${process.pid}`, ...state.split('\n')], { stdio: 'ignore' })
}

/** That the configuration is loaded anew; `READY=1` follows when that is done. */
export function notifyReloading(): void {
  const microseconds = process.hrtime.bigint() / 1000n
  notifyServiceManager(`RELOADING=1\nMONOTONIC_USEC=${microseconds}`)
}
