/** Counts of bytes from clients: 64 bits there, exact numbers here. */
import { refuseCommand } from '../protocol/qmp-error.ts'

/** Beyond 2^53, a number of this program is not exact. @throws QmpError */
export function readByteCount(value: bigint, name: string): number {
  if (value < 0n) refuseCommand(`Parameter '${name}' expects a non-negative number below 2^64`)
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value)
  return refuseCommand(`Parameter '${name}' expects a size below 2^53`)
}
