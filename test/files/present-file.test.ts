/** Whether something is at a path, as the system has it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { statPresent } from '../../src/files/present-file.ts'
import { scratchFolder } from '../cli/command.ts'
import { refusal } from '../diagnostic-code.ts'

test('nothing at a path is no error, and a path that cannot be looked at is one', () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'file'), 'four')
  expect(statPresent(join(folder, 'file'))?.size).toBe(4)
  expect(statPresent(join(folder, 'none'))).toBeUndefined()
  expect(() => statPresent(join(folder, 'file', 'below'))).toThrow(refusal('FILE_UNREADABLE'))
})
