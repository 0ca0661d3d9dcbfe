/** Reads what strace has seen of the server: whether each reply came after its data was on disk. */

/** A write to the image, a sync of it, and a reply; places are lines of the trace. */
type Trace = {
  /** Where the write at an offset was complete. */
  readonly written: Map<number, number>
  readonly syncs: { readonly begin: number; readonly end: number }[]
  /** Where a reply began to be sent, by the cookie of its request. */
  readonly replies: Map<number, number>
}

const CALL = /^(\d+) +(\w+)\((.*)$/
const RESUMED = /^(\d+) +<\.\.\. (\w+) resumed>(.*)$/

/** @param image The number of the image's descriptor. */
export function readTrace(text: string, image: number): Trace {
  const trace: Trace = { written: new Map(), syncs: [], replies: new Map() }
  const begun = new Map<string, { readonly text: string; readonly at: number }>()
  for (const [at, line] of text.split('\n').entries()) {
    const [, thread = '', name = '', rest = ''] = CALL.exec(line) ?? []
    const [, other = '', , more = ''] = RESUMED.exec(line) ?? []
    if (name !== '') noteReplies(trace, name, rest, at)
    if (rest.endsWith('<unfinished ...>')) begun.set(thread, { text: `${name}(${rest}`, at })
    else if (name !== '') noteEnd(trace, `${name}(${rest}`, at, at, image)
    const first = begun.get(other)
    if (first) noteEnd(trace, first.text + more, first.at, at, image)
    if (first) begun.delete(other)
  }
  return trace
}

function noteEnd(trace: Trace, call: string, begin: number, end: number, image: number): void {
  if (call.startsWith(`fdatasync(${image}`) && / = 0$/.test(call)) trace.syncs.push({ begin, end })
  const [, offset, written] =
    new RegExp(`^pwrite64\\(${image}, .*, (\\d+).*\\) += (\\d+)$`).exec(call) ?? []
  if (written !== undefined) trace.written.set(Number(offset), end)
}

/** A simple reply: magic, no error, and the cookie. */
const REPLY = /67446698(?:00){4}feedbeef([0-9a-f]{8})/g

function noteReplies(trace: Trace, name: string, rest: string, at: number): void {
  if (name !== 'write' && name !== 'writev' && name !== 'sendmsg') return
  const bytes = rest.replaceAll('\\x', '')
  for (const [, cookie = ''] of bytes.matchAll(REPLY)) {
    const number = Number.parseInt(cookie, 16)
    if (!trace.replies.has(number)) trace.replies.set(number, at)
  }
}

/** The offsets of durable requests whose replies did not wait for the disk. */
export function findHasty(
  { written, syncs, replies }: Trace,
  durable: ReadonlyMap<number, readonly number[]>,
): readonly number[] {
  const isDurable = (offset: number, reply: number) => {
    const done = written.get(offset)
    return done !== undefined && syncs.some(({ begin, end }) => begin >= done && end <= reply)
  }
  return [...durable].flatMap(([cookie, offsets]) => {
    const reply = replies.get(cookie)
    if (reply === undefined) return offsets
    return offsets.filter((offset) => !isDurable(offset, reply))
  })
}
