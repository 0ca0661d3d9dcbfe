/** What is done before a signal ends this program that nothing else listens to: Node.js would end at once. */

/**
 * By default they end a program, and another one can send them. SIGUSR1 is not of them: it does nothing where the
 * debugger of Node.js is turned off.
 */
const FATAL_SIGNALS = [
  ...['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGABRT', 'SIGALRM', 'SIGUSR2', 'SIGVTALRM'],
  ...['SIGXCPU', 'SIGIO', 'SIGPROF', 'SIGPWR', 'SIGSTKFLT'],
] as readonly NodeJS.Signals[]

const acts = new Set<() => void>()

/** @returns what takes the act back: signals are the program's own affair again once none is left. */
export function beforeFatalSignal(act: () => void): () => void {
  if (acts.size === 0) for (const signal of FATAL_SIGNALS) process.on(signal, onSignal)
  acts.add(act)
  return () => {
    if (!acts.delete(act) || acts.size > 0) return
    for (const signal of FATAL_SIGNALS) process.off(signal, onSignal)
  }
}

function onSignal(signal: NodeJS.Signals): void {
  // What else listens, such as a service or a copy, ends in order.
  if (process.listenerCount(signal) > 1) return
  for (const act of acts) act()
  process.off(signal, onSignal)
  process.kill(process.pid, signal)
}
