/** Requests that are longer than a server takes: sent in pieces. */

/** Pieces on their way at a time. A server that takes one byte at a time would fill the memory otherwise. */
const PIECES_AT_A_TIME = 64

/**
 * Sends the pieces of a range; none is begun after one has failed. All that were begun have ended before this
 * ends, so that the caller may use its buffer again.
 *
 * @param limit Of one piece, in bytes.
 */
export async function sendInPieces(
  offset: number,
  length: number,
  limit: number,
  send: (offset: number, length: number) => Promise<unknown>,
): Promise<void> {
  let at = 0
  let isFailed = false
  const sendOn = async (): Promise<void> => {
    while (at < length && !isFailed) {
      const from = at
      at += limit
      await send(offset + from, Math.min(limit, length - from))
    }
  }
  const lanes = Math.min(PIECES_AT_A_TIME, Math.ceil(length / limit))
  const begun = Array.from({ length: lanes }, () =>
    sendOn().catch((error) => {
      isFailed = true
      throw error
    }),
  )
  const outcomes = await Promise.allSettled(begun)
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) throw failed.reason
}
