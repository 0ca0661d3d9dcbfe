/** Several workers that take their pieces from one list; the first error stops them all. */

/** @param workers How many there have to be; asked again after each piece, since it may grow. */
export async function workThrough<Piece>(
  pieces: AsyncGenerator<Piece, void>,
  workers: () => number,
  makeWorker: () => (piece: Piece) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  let failure: { readonly error: unknown } | undefined
  const running: Promise<void>[] = []
  const run = async (): Promise<void> => {
    const work = makeWorker()
    try {
      while (!failure && !signal?.aborted) {
        const next = await pieces.next()
        if (next.done || failure) return
        await work(next.value)
        hire()
      }
    } catch (error) {
      failure ??= { error }
    }
  }
  const hire = (): void => {
    while (!failure && running.length < workers()) running.push(run())
  }
  hire()
  // All of them have ended before their caller closes what they work on.
  for (let ended = 0; ended < running.length; ) {
    ended = running.length
    await Promise.all(running)
  }
  await pieces.return()
  if (failure) throw failure.error
}
