/** A pause that ends at once where the audit is to end. */
import { setTimeout } from 'node:timers/promises'

/** @param length In milliseconds. */
export async function pause(length: number, stop: AbortSignal | undefined): Promise<void> {
  try {
    await setTimeout(length, undefined, stop ? { signal: stop } : {})
  } catch (error) {
    if (!stop?.aborted) throw error
  }
}
