/** `x-objects-reload`: loads the files of all objects anew, as QEMU's `display-reload` does for those of VNC. */
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import { BOOL, enumOf, listOf, optional, STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

const OUTCOME = struct('ObjectReload', {
  id: STR,
  type: STR,
  outcome: enumOf('ObjectReloadOutcome', ['replaced', 'unchanged', 'refused']),
  messages: listOf(STR),
})

export const OBJECTS_RELOAD = defineCommand({
  name: 'x-objects-reload',
  returns: struct('ObjectsReload', {
    complete: BOOL,
    // Why the configuration of priority strings could not be read.
    messages: optional(listOf(STR)),
    objects: listOf(OUTCOME),
  }),
  run: (host) => {
    const { objects, diagnostics } = host.objects.reload()
    return {
      complete: diagnostics.length === 0 && objects.every(({ outcome }) => outcome !== 'refused'),
      ...(diagnostics.length === 0 ? {} : { messages: messagesOf(diagnostics) }),
      objects: objects.map(({ id, type, outcome, diagnostics: told }) => ({
        id,
        type,
        outcome,
        messages: messagesOf(told),
      })),
    }
  },
})

function messagesOf(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics.map(({ message }) => message)
}
