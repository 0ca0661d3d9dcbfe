/** Several workers that take their pieces from one list; the first error stops them all. */

export async function workThrough<Piece>(
  pieces: AsyncGenerator<Piece, void>,
  workers: number,
  makeWorker: () => (piece: Piece) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  let isStopped = false
  const run = async (): Promise<void> => {
    const work = makeWorker()
    try {
      while (!isStopped && !signal?.aborted) {
        const next = await pieces.next()
        if (next.done || isStopped) return
        await work(next.value)
      }
    } catch (error) {
      isStopped = true
      throw error
    }
  }
  // All of them have ended before anybody closes what they work on.
  const outcomes = await Promise.allSettled(Array.from({ length: workers }, run))
  await pieces.return()
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) throw failed.reason
}
