/** `cryptopolicy migrate`: the commands on live migration. */
import type { CommandDefinition } from '../command.ts'
import { addMigrateInspect } from './migrate-inspect.ts'

export const MIGRATE_COMMANDS: readonly CommandDefinition[] = [addMigrateInspect]
