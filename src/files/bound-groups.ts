/** Groups of processes that end with this program, by itself or by a signal: SIGKILL leaves them behind, and a crash. */
import { beforeFatalSignal } from './last-acts.ts'
import { endGroupsAtOnce } from './process-group.ts'

/** How long they may take to end in order where this program ends at once, in milliseconds. */
const GRACE = 2_000

type BoundGroup = { readonly leader: number | undefined; readonly afterwards: () => void }

const groups = new Set<BoundGroup>()

let forgetSignals: () => void = () => {}

/**
 * @param leader The number of the program that was started with a group of its own.
 * @param afterwards What is done when it was ended with this program.
 * @returns what lets go of it, when it has ended.
 */
export function bindGroup(leader: number | undefined, afterwards = () => {}): () => void {
  const group = { leader, afterwards }
  if (groups.size === 0) {
    forgetSignals = beforeFatalSignal(endAll)
    process.on('exit', endAll)
  }
  groups.add(group)
  return () => {
    if (!groups.delete(group) || groups.size > 0) return
    forgetSignals()
    process.off('exit', endAll)
  }
}

function endAll(): void {
  const leaders = [...groups].map(({ leader }) => leader)
  endGroupsAtOnce(leaders, GRACE)
  for (const { afterwards } of groups) afterwards()
}
