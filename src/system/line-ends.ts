/** Line ends as update-crypto-policies reads them. */
import type { Source } from '../diagnostics/source.ts'

/** Every `\r\n` and every `\r` counts as a line end, and is written as `\n`. */
export function unifyLineEnds(source: Source): Source {
  if (!source.text.includes('\r')) return source
  return { name: source.name, text: source.text.replaceAll(/\r\n?/g, '\n') }
}
