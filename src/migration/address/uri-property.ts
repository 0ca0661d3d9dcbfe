/** A place of a migration that is written in a file: its errors are told where it is. */
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'
import type { PropertyReader } from '../../options/property-reader.ts'
import { type MigrationUri, parseMigrationUri } from './migration-uri.ts'

/** @throws DiagnosticError OBJECT_MISSING_PROPERTY, MIGRATION_URI_INVALID, with file, line and column. */
export function readUriProperty(reader: PropertyReader, name: string): MigrationUri {
  try {
    return parseMigrationUri(reader.requiredText(name))
  } catch (error) {
    const span = reader.spanOf(name)
    if (!(error instanceof DiagnosticError) || !span) throw error
    throw new DiagnosticError(error.diagnostics.map((one) => ({ ...one, fault: 'input', span })))
  }
}
