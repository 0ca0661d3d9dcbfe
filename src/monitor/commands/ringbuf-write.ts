/** `ringbuf-write` */
import { refuseCommand } from '../protocol/qmp-error.ts'
import { optional, STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'
import { DATA_FORMAT, findRing } from './ringbuf-read.ts'

/** Padding and no other letters, as glib decodes it. */
const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/

export const RINGBUF_WRITE = defineCommand({
  name: 'ringbuf-write',
  arguments: struct('q_obj_ringbuf-write-arg', {
    device: STR,
    data: STR,
    format: optional(DATA_FORMAT),
  }),
  run: ({ chardevs }, { device, data, format = 'utf8' }) => {
    const ring = findRing(chardevs, device)
    if (format === 'base64' && !BASE64.test(data)) refuseCommand('Base64 data is not valid')
    ring.write(Buffer.from(data, format))
    return {}
  },
})
