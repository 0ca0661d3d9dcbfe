/** Waiting that ends with a signal, and leaves nothing at a signal that outlives it by far. */
import { addAbortListener } from 'node:events'

/** Settles with the work, or when the signal is aborted. */
export async function unlessAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<void>()
  const listening = addAbortListener(signal, () => aborted.resolve())
  try {
    await Promise.race([work, aborted.promise])
  } finally {
    listening[Symbol.dispose]()
  }
}
