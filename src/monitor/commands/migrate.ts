/** `migrate`: sends the stored guest, or passes one on that is waited for. */
import { refuseCommand } from '../protocol/qmp-error.ts'
import { BOOL, optional, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'
import { PLACE_MEMBERS, readPlace, UNKNOWN_PROTOCOL } from './migration-place.ts'
import { toQmpError } from './run-command.ts'

export const MIGRATE = defineCommand({
  name: 'migrate',
  arguments: struct('Migrate', {
    ...PLACE_MEMBERS,
    blk: optional(BOOL),
    inc: optional(BOOL),
    detach: optional(BOOL),
    resume: optional(BOOL),
    // Without it, a guest that is waited for is a reason to refuse, as in QEMU.
    'x-relay': optional(BOOL),
  }),
  run: ({ migrations }, { blk, inc, resume, 'x-relay': isPassedOn, ...place }) => {
    if (blk || inc) refuseCommand('disks are not in a stored guest: use the NBD server')
    if (resume) refuseCommand('Cannot resume if there is no paused migration')
    if (isPassedOn) migrations.passOn(readPlace(place))
    else migrations.send(() => readPlace(place), reasonOf)
  },
})

/** What `query-migrate` tells of it then: QEMU names no reason where it does not know the protocol. */
function reasonOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.message === UNKNOWN_PROTOCOL) return undefined
  return toQmpError(error, { command: 'migrate', arguments: {}, isOutOfBand: false }).message
}
