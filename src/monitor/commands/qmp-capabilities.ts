/** `qmp_capabilities`: a client says what it can do; until then it may do nothing else. */
import { refuseCommand } from '../protocol/qmp-error.ts'
import { enumOf, listOf, optional, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

/** What a client may enable. */
export const CAPABILITIES = ['oob'] as const

export const QMP_CAPABILITIES_ARGUMENTS = struct('QmpCapabilities', {
  enable: optional(listOf(enumOf('QMPCapability', CAPABILITIES))),
})

/** Executed where the client is through with it; before, its session does that. */
export const QMP_CAPABILITIES = defineCommand({
  name: 'qmp_capabilities',
  arguments: QMP_CAPABILITIES_ARGUMENTS,
  run: () =>
    refuseCommand(
      'Capabilities negotiation is already complete, command ignored',
      'CommandNotFound',
    ),
})
