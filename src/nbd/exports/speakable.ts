/** Names and descriptions of exports that the protocol can carry. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { STRING_LIMIT } from '../protocol/constants.ts'
import { EXPORT_KINDS } from './export-diagnostics.ts'

/**
 * Otherwise the list of exports would break the connection of each client that asks for it.
 *
 * @throws DiagnosticError NBD_NAME_UNSPEAKABLE
 */
export function refuseUnspeakable({
  name,
  description = '',
}: {
  readonly name: string
  readonly description?: string
}): void {
  for (const [what, text] of Object.entries({ name, description })) {
    const isTooLong = Buffer.byteLength(text) > STRING_LIMIT
    if (isTooLong || text.includes('\0')) fail(EXPORT_KINDS.unspeakable, { what, text })
  }
}
