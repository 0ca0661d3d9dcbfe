/** The events that clients get, with what they tell. */
import type { DescribedEvent } from '../schema/introspection.ts'
import { BOOL, STR, struct } from '../schema/qapi-types.ts'

export const EVENTS: readonly DescribedEvent[] = [
  { name: 'BLOCK_EXPORT_DELETED', data: struct('BlockExportDeleted', { id: STR }) },
  { name: 'MIGRATION', data: struct('Migration', { status: STR }) },
  { name: 'SHUTDOWN', data: struct('Shutdown', { guest: BOOL, reason: STR }) },
]
