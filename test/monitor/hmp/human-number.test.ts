import { expect, test } from 'vitest'
import { readHumanSize } from '../../../src/monitor/hmp/human-number.ts'

/** What `info migrate_parameters` of QEMU 7.2 tells after `migrate_set_parameter max-bandwidth SIZE`. */
test.each([
  ['0x10K', 16_384n],
  ['16K', 16_384n],
  ['0x10', 16n << 20n],
  ['0x10B', 0x10bn << 20n],
  ['0x10k5', undefined],
  ['0x1.5K', undefined],
])('a size of %s is read as QEMU reads it', (text, bytes) => {
  expect(readHumanSize(text, 1n << 20n)).toBe(bytes)
})
