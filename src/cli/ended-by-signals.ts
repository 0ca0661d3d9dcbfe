/** Work that a signal ends in order, so that nothing of it is left behind; a second one ends the program at once. */
export async function endedBySignals<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController()
  // It goes on listening, so that nothing else takes the first signal for one that nothing listens to.
  const onSignal = (signal: NodeJS.Signals) => {
    if (!stop.signal.aborted) stop.abort()
    else {
      process.off(signal, onSignal)
      process.kill(process.pid, signal)
    }
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  try {
    return await work(stop.signal)
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}
