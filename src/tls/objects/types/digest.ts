/** Tells whether an object was made of the same as before. */
import { createHash } from 'node:crypto'

/** A digest of several parts, none of which can be taken for a part of another. */
export function digestOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part.length}:`).update(part)
  return hash.digest('base64')
}
