/** Who of several clients may write. */
import type { WriterRule } from '../definition/chardev-definition.ts'

/** @param present Those that may write at all, in the order in which they came. */
export function isWriter<Client>(
  rule: WriterRule,
  client: Client,
  present: readonly Client[],
): boolean {
  switch (rule) {
    case 'none':
      return false
    case 'all':
      return present.includes(client)
    case 'first':
      return present[0] === client
    case 'last':
      return present.at(-1) === client
  }
}
