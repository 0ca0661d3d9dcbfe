/** What a test expects of a refusal: a single diagnostic, by its code. */
import { expect } from 'vitest'

export function refusal(code: string) {
  return expect.objectContaining({ diagnostics: [expect.objectContaining({ code })] })
}
