/** `ringbuf-write` */
import { refuseCommand } from '../protocol/qmp-error.ts'
import { optional, STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'
import { DATA_FORMAT, findRing } from './ringbuf-read.ts'

/** Of base64; QEMU takes the ends of lines with them. */
const LETTERS = /^[A-Za-z0-9+/=\n]*$/

const PADDED_AT_ITS_END = /^[^=]*={0,2}\n*$/

export const RINGBUF_WRITE = defineCommand({
  name: 'ringbuf-write',
  arguments: struct('q_obj_ringbuf-write-arg', {
    device: STR,
    data: STR,
    format: optional(DATA_FORMAT),
  }),
  run: ({ chardevs }, { device, data, format = 'utf8' }) => {
    const ring = findRing(chardevs, device)
    if (format === 'base64') checkBase64(data)
    ring.write(Buffer.from(data, format))
    return {}
  },
})

/** Node.js leaves out in silence what it cannot decode. @throws QmpError */
function checkBase64(data: string): void {
  if (!LETTERS.test(data)) refuseCommand('Base64 data contains invalid characters')
  if (!PADDED_AT_ITS_END.test(data)) refuseCommand('Base64 data is not valid')
}
