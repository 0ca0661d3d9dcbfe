/** `ringbuf-read`: the oldest bytes of a ring buffer, taken out of it. */
import type { HostEndpoints } from '../host/host-endpoints.ts'
import { refuseCommand } from '../protocol/qmp-error.ts'
import { enumOf, INT, optional, STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const DATA_FORMAT = enumOf('DataFormat', ['utf8', 'base64'])

export const RINGBUF_READ = defineCommand({
  name: 'ringbuf-read',
  arguments: struct('q_obj_ringbuf-read-arg', {
    device: STR,
    size: INT,
    format: optional(DATA_FORMAT),
  }),
  returns: STR,
  run: ({ chardevs }, { device, size, format = 'utf8' }) => {
    const ring = findRing(chardevs, device)
    if (size <= 0n) refuseCommand('size must be greater than zero')
    // No ring is so large that a number which is not exact would be less than all of it.
    return ring.read(Number(size)).toString(format)
  },
})

/** @throws QmpError, DiagnosticError CHARDEV_NOT_RINGBUF */
export function findRing(chardevs: HostEndpoints['chardevs'], device: string) {
  if (!chardevs.has(device)) refuseCommand(`Device '${device}' not found`)
  return chardevs.ring(device)
}
