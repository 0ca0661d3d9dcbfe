/** Which release of a library this host has, as far as a warning depends on it. */
import type { Looseness } from '../backends/looseness.ts'
import { askProgram, findProgram } from './consumers/consumer.ts'

/** Those that a library of this host has, or all where no library is known. */
export async function onlyOfThisHost(found: readonly Looseness[]): Promise<readonly Looseness[]> {
  const isAsked = found.some(({ until }) => until !== undefined)
  const installed = isAsked ? await readOpensslRelease() : undefined
  return found.filter(
    ({ until }) =>
      until === undefined || installed === undefined || compareReleases(installed, until) < 0,
  )
}

async function readOpensslRelease(): Promise<string | undefined> {
  const path = findProgram('openssl')
  if (path === undefined) return undefined
  const { output } = await askProgram(path, ['version'])
  return /^OpenSSL (\d+\.\d+)/.exec(output)?.[1]
}

function compareReleases(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number)
  const [majorB = 0, minorB = 0] = b.split('.').map(Number)
  return majorA - majorB || minorA - minorB
}
