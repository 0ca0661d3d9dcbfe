/** Whether there are descriptors for what a listener will open: the system takes clients and drops them unsaid. */
import { fail } from '../diagnostics/diagnostic.ts'
import { descriptorRoom } from '../files/descriptors.ts'
import { ENDPOINT_KINDS } from './endpoint-diagnostics.ts'

/** A connection, and a file that is loaded anew meanwhile. */
const LEAST = 2

/**
 * To be called when all is open that stays open.
 *
 * @returns how many more files and sockets can be opened.
 * @throws DiagnosticError ENDPOINT_CANNOT_LISTEN
 */
export function requireRoom(address: string): number {
  const room = descriptorRoom()
  if (room >= LEAST) return room
  const error = Object.assign(new Error('no descriptor for a client'), { code: 'EMFILE' })
  return fail(ENDPOINT_KINDS.cannotListen, { address, error })
}
