/** A process that has one descriptor left opens a source, and tells what came of it and how many are left then. */
import { closeSync } from 'node:fs'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import { openStreamSource } from '../../../src/nbd/copy/stream-ends.ts'
import { takeDescriptors } from '../../files/take-descriptors.ts'

const [path = ''] = process.argv.slice(2)
for (const descriptor of takeDescriptors().slice(0, 1)) closeSync(descriptor)
try {
  openStreamSource(path)
} catch (error) {
  const [diagnostic] = error instanceof DiagnosticError ? error.diagnostics : []
  console.log(`${diagnostic?.code} ${takeDescriptors().length}`)
}
