/** The text of a back-end as its library reads it, policy and drop-ins as one, and the places of its parts. */
import type { Source, Span } from '../../diagnostics/source.ts'

export type JoinedText = {
  readonly text: string
  /** Where the first drop-in begins. */
  readonly policyEnd: number
  /** A range of the text, in the part that its start is in. */
  readonly spanOf: (start: number, end: number) => Span
}

/** Joins what a policy gives and the drop-ins that are appended to it. */
export function joinTexts(policy: Source, dropIns: readonly Source[]): JoinedText {
  const sources = [policy, ...dropIns]
  return {
    text: sources.map(({ text }) => text).join(''),
    policyEnd: policy.text.length,
    spanOf: (start, end) => {
      let offset = 0
      for (const source of sources) {
        const length = source.text.length
        if (start < offset + length) {
          return { source, start: start - offset, end: Math.min(end - offset, length) }
        }
        offset += length
      }
      const last = sources.at(-1) ?? policy
      return { source: last, start: last.text.length, end: last.text.length }
    },
  }
}
