/** A place of a migration that is written in a file: its errors are told where it is. */
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'
import type { PropertyReader } from '../../options/property-reader.ts'
import { type MigrationUri, parseMigrationUri } from './migration-uri.ts'

/**
 * @param text What is read in its stead, where the file has a name for it.
 * @throws DiagnosticError OBJECT_MISSING_PROPERTY, MIGRATION_URI_INVALID, with file, line and column.
 */
export function readUriProperty(
  reader: PropertyReader,
  name: string,
  text = reader.requiredText(name),
): MigrationUri {
  try {
    return parseMigrationUri(text)
  } catch (error) {
    const span = reader.spanOf(name)
    if (!(error instanceof DiagnosticError) || !span) throw error
    throw new DiagnosticError(error.diagnostics.map((one) => ({ ...one, fault: 'input', span })))
  }
}
