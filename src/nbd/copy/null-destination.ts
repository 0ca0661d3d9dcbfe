/** `null:`, where copies go that are made to see how fast they can be read. */
import type { CopyDestination } from './copy-end.ts'

export function nullDestination(): CopyDestination {
  const nothing = async () => {}
  return {
    name: 'null:',
    identity: 'null',
    alignment: 1,
    parallel: Number.POSITIVE_INFINITY,
    statePath: undefined,
    isZero: true,
    write: nothing,
    zero: nothing,
    flush: nothing,
    finish: nothing,
    close: nothing,
  }
}
