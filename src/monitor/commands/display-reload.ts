/** `display-reload`: QEMU loads the certificates of VNC anew; here it is those of all endpoints. */
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'
import { BOOL, enumOf, optional, struct, union } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const DISPLAY_RELOAD = defineCommand({
  name: 'display-reload',
  arguments: union('DisplayReloadOptions', { type: enumOf('DisplayReloadType', ['vnc']) }, 'type', {
    vnc: struct('DisplayReloadOptionsVNC', { 'tls-certs': optional(BOOL) }),
  }),
  run: (host, args) => {
    if (!args['tls-certs']) return
    const { objects, diagnostics } = host.objects.reload()
    const refused = objects.filter(({ outcome }) => outcome === 'refused')
    const reasons = [...diagnostics, ...refused.flatMap((object) => object.diagnostics)]
    if (reasons.length > 0) throw new DiagnosticError(reasons)
  },
})
