/**
 * How much work something is. The clock says how busy the machine is as well, so that no test may judge
 * it; the processor time of this thread says what was done.
 */

/** Seconds of processor time. */
export function cpuSeconds(work: () => void): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1_000_000
}
