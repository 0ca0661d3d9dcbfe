/** The options that the server knows, a file each. */
import { abort } from './abort.ts'
import { exportName } from './export-name.ts'
import { extendedHeaders } from './extended-headers.ts'
import { go, info } from './info.ts'
import { list } from './list.ts'
import { listMetaContext, setMetaContext } from './meta-context.ts'
import type { OptionHandler } from './option-handler.ts'
import { startTls } from './start-tls.ts'
import { structuredReply } from './structured-reply.ts'

export const OPTION_HANDLERS: ReadonlyMap<number, OptionHandler> = new Map(
  [
    exportName,
    abort,
    list,
    startTls,
    info,
    go,
    structuredReply,
    listMetaContext,
    setMetaContext,
    extendedHeaders,
  ].map((handler) => [handler.option, handler]),
)
