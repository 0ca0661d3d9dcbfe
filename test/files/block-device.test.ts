import { statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { blockDeviceSize } from '../../src/files/block-device.ts'
import { runFile, scratchFolder } from '../cli/command.ts'

/** The major number of loop devices, and a minor number of more than eight bits. */
const LOOP = ['7', '300'] as const

test('the size of a device whose minor number is large is its own [losetup]', (context) => {
  const folder = scratchFolder()
  const [file, device] = [join(folder, 'disk'), join(folder, 'loop')]
  writeFileSync(file, '')
  truncateSync(file, 5 * 1024 * 1024)
  const isMade = runFile('mknod', [device, 'b', ...LOOP]).status === 0
  if (!isMade || runFile('losetup', [device, file]).status !== 0) {
    return context.skip('loop devices are not permitted')
  }
  onTestFinished(() => void runFile('losetup', ['--detach', device]))
  expect(blockDeviceSize(statSync(device).rdev)).toBe(5 * 1024 * 1024)
})

test('a device that is not there has no size', () => {
  expect(() => blockDeviceSize(0xffff_ffff)).toThrow(/ENOENT/)
})
