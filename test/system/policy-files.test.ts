/** Which files of a folder are policies and modules, by their names. */
import { expect, test } from 'vitest'
import { listPolicies } from '../../src/system/policy-files.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'

test('hidden files, and those with another suffix, are neither policies nor modules', () => {
  const [first, second] = [scratchFolder(), scratchFolder()]
  const names = ['B.pol', 'A.pol', '.C.pol', 'D.pol.rpmsave', 'E.pmod', 'F']
  writeFiles(first, Object.fromEntries(names.map((name) => [name, ''])))
  writeFiles(second, {
    'A.pol': '',
    'modules/M.pmod': '',
    'modules/.N.pmod': '',
    'modules/O.pol': '',
  })
  expect(listPolicies([first, second], 'policy')).toEqual(['A', 'B'])
  expect(listPolicies([first, second], 'module')).toEqual(['M'])
})
