/** Which release of a library this host has, as far as a warning depends on it. */
import type { Looseness } from '../backends/looseness.ts'
import { runSync } from './run-sync.ts'

/** Whether a library of this host is one that cannot be told, or none is known. */
export function mattersHere({ until }: Looseness): boolean {
  if (until === undefined) return true
  const installed = opensslRelease()
  return installed === undefined || compareReleases(installed, until) < 0
}

let openssl: string | undefined | 'not asked' = 'not asked'

function opensslRelease(): string | undefined {
  if (openssl === 'not asked') {
    const { stdout } = runSync('openssl', ['version'], { timeout: 10_000 })
    openssl = /^OpenSSL (\d+\.\d+)/.exec(stdout ?? '')?.[1]
  }
  return openssl
}

function compareReleases(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number)
  const [majorB = 0, minorB = 0] = b.split('.').map(Number)
  return majorA - majorB || minorA - minorB
}
