/** Checks of what programs hand to a storage: a wrong range would reach bytes of others, or none. */
import { listOfChecked, optionalChecked, optionsOf } from '../../arguments/objects.ts'
import {
  integerWithin,
  refuseArgument,
  requireBoolean,
  requireBuffer,
  requireFunction,
} from '../../arguments/single-values.ts'
import type { ZeroOptions } from './storage.ts'

const requireOffset = integerWithin(0)

/** @param size Of the storage, in bytes. */
export function checkRange(offset: unknown, length: unknown, size: number): void {
  const count = requireOffset(length, 'length')
  const end = requireOffset(offset, 'offset') + count
  if (end > size) refuseArgument('offset + length', `${size} at most`, end)
}

/** @param at Where in the buffer the bytes go. */
export function checkTarget(target: unknown, at: unknown, length: number): void {
  const room = requireBuffer(target, 'target').length
  const end = requireOffset(at, 'at') + length
  if (end > room) refuseArgument('at + length', `${room} at most, as long as the target`, end)
}

const requireParts = listOfChecked(requireBuffer)

export function checkParts(parts: unknown, offset: unknown, size: number): void {
  const buffers = requireParts(parts, 'parts') as readonly Buffer[]
  const total = buffers.reduce((sum, { length }) => sum + length, 0)
  checkRange(offset, total, size)
}

export const checkOpenOptions = optionsOf<{ readonly readOnly: boolean }>({
  readOnly: requireBoolean,
})

export const checkZeroOptions = optionsOf<ZeroOptions>({
  keepAllocated: requireBoolean,
  fast: requireBoolean,
  isWanted: optionalChecked(requireFunction),
})

export const requireExtentLimit = integerWithin(1)

export const requireSize = integerWithin(0)
