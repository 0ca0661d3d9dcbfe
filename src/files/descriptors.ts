/** How many more files and sockets this process can open. */
import { readdirSync, readFileSync } from 'node:fs'
import { isOutOfDescriptors } from '../diagnostics/system-errors.ts'

/** 0 where none is left to ask with; infinity where the system does not tell. */
export function descriptorRoom(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8')
    const [, limit] = /^Max open files +(\d+)/m.exec(limits) ?? []
    if (limit === undefined) return Number.POSITIVE_INFINITY
    return Math.max(0, Number(limit) - readdirSync('/proc/self/fd').length)
  } catch (error) {
    return isOutOfDescriptors(error) ? 0 : Number.POSITIVE_INFINITY
  }
}
