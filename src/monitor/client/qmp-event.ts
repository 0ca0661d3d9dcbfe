/** An event that a monitor tells. */
import type { JsonObject } from '../protocol/json-value.ts'

export type QmpEvent = {
  readonly event: string
  readonly data: JsonObject
  /** In microseconds since 1970, by the clock of the monitor. */
  readonly at: bigint
}
