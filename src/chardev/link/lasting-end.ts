/** Makes of an end with sessions one that stands: who is joined to it goes on while its clients come and go. */
import { Attachment } from '../end/attachment.ts'
import type { ChardevEnd } from '../end/chardev-end.ts'
import { LastingStream } from '../end/lasting-stream.ts'
import { StandingEnd } from '../end/standing-end.ts'

/** The end itself is opened and closed by its owner. */
export function lastingEnd(end: ChardevEnd): ChardevEnd {
  return new StandingEnd(end.definition, () => {
    const stream = new LastingStream((signal) => end.open(signal))
    stream.on('error', () => {})
    return {
      place: end.filename(),
      attach: () => new Attachment({ source: stream, sink: stream }),
      close: () => void stream.destroy(),
    }
  })
}
