/** `cryptopolicy migrate`: the commands on live migration. */
import type { CommandDefinition } from '../command.ts'
import { addMigrateBench } from './migrate-bench.ts'
import { addMigrateInspect } from './migrate-inspect.ts'
import { addMigratePreflight } from './migrate-preflight.ts'
import { addMigrateReceive } from './migrate-receive.ts'
import { addMigrateRelay } from './migrate-relay.ts'
import { addMigrateSend } from './migrate-send.ts'

export const MIGRATE_COMMANDS: readonly CommandDefinition[] = [
  addMigrateInspect,
  addMigrateReceive,
  addMigrateRelay,
  addMigrateSend,
  addMigratePreflight,
  addMigrateBench,
]
