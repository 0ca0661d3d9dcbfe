/** `cryptopolicy endpoint`: the commands on all endpoints of a host. */
import type { CommandDefinition } from '../command.ts'
import { addEndpointCheck } from './endpoint-check.ts'
import { addEndpointRun } from './endpoint-run.ts'

export const ENDPOINT_COMMANDS: readonly CommandDefinition[] = [addEndpointRun, addEndpointCheck]
