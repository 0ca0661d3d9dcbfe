/** `x-objects-reload`: loads the files of all objects anew, as QEMU's `display-reload` does for those of VNC. */
import { BOOL, enumOf, listOf, STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

const OUTCOME = struct('ObjectReload', {
  id: STR,
  type: STR,
  outcome: enumOf('ObjectReloadOutcome', ['replaced', 'unchanged', 'refused']),
  messages: listOf(STR),
})

export const OBJECTS_RELOAD = defineCommand({
  name: 'x-objects-reload',
  returns: struct('ObjectsReload', { complete: BOOL, objects: listOf(OUTCOME) }),
  run: (host) => {
    const { objects, diagnostics } = host.objects.reload()
    return {
      complete: diagnostics.length === 0 && objects.every(({ outcome }) => outcome !== 'refused'),
      objects: objects.map(({ id, type, outcome, diagnostics: told }) => ({
        id,
        type,
        outcome,
        messages: [...told, ...(outcome === 'refused' ? diagnostics : [])].map(
          ({ message }) => message,
        ),
      })),
    }
  },
})
