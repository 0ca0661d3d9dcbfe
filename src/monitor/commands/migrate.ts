/** `migrate`: sends the stored guest. */
import { refuseCommand } from '../protocol/qmp-error.ts'
import { BOOL, optional, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'
import { PLACE_MEMBERS, readPlace } from './migration-place.ts'

export const MIGRATE = defineCommand({
  name: 'migrate',
  arguments: struct('Migrate', {
    ...PLACE_MEMBERS,
    blk: optional(BOOL),
    inc: optional(BOOL),
    detach: optional(BOOL),
    resume: optional(BOOL),
  }),
  run: ({ migrations }, { blk, inc, resume, ...place }) => {
    if (blk || inc) refuseCommand('disks are not in a stored guest: use the NBD server')
    if (resume) refuseCommand('Cannot resume if there is no paused migration')
    migrations.send(readPlace(place))
  },
})
