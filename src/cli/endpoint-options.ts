/** What the commands of `endpoint` are told on their command lines. */
import type { CommonOptions } from './command.ts'
import type { LogFormat } from './service-options.ts'

export type EndpointOptions = CommonOptions & {
  readonly config?: string
  readonly application?: string
}

export type EndpointRunOptions = EndpointOptions & {
  readonly pidFile?: string
  readonly drainLimit: number
  readonly log: LogFormat
}
