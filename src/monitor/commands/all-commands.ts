/** Every command of the monitor, by its name. */
import { BLOCK_EXPORT_ADD } from './block-export-add.ts'
import { BLOCK_EXPORT_DEL } from './block-export-del.ts'
import { BLOCKDEV_ADD } from './blockdev-add.ts'
import { BLOCKDEV_DEL } from './blockdev-del.ts'
import type { Command } from './define-command.ts'
import { DISPLAY_RELOAD } from './display-reload.ts'
import { NBD_SERVER_ADD } from './nbd-server-add.ts'
import { NBD_SERVER_REMOVE } from './nbd-server-remove.ts'
import { NBD_SERVER_START } from './nbd-server-start.ts'
import { NBD_SERVER_STOP } from './nbd-server-stop.ts'
import { OBJECT_ADD } from './object-add.ts'
import { OBJECT_DEL } from './object-del.ts'
import { OBJECTS_RELOAD } from './objects-reload.ts'
import { QMP_CAPABILITIES } from './qmp-capabilities.ts'
import { QOM_GET } from './qom-get.ts'
import { QOM_LIST } from './qom-list.ts'
import { QOM_SET } from './qom-set.ts'
import { QUERY_BLOCK } from './query-block.ts'
import { QUERY_BLOCK_EXPORTS } from './query-block-exports.ts'
import { queryCommands } from './query-commands.ts'
import { QUERY_IOTHREADS } from './query-iothreads.ts'
import { QUERY_NAME } from './query-name.ts'
import { QUERY_NAMED_BLOCK_NODES } from './query-named-block-nodes.ts'
import { queryQmpSchema } from './query-qmp-schema.ts'
import { QUERY_STATUS } from './query-status.ts'
import { QUERY_VERSION } from './query-version.ts'
import { QUIT } from './quit.ts'

const LIST: readonly Command[] = [
  QMP_CAPABILITIES,
  QUERY_VERSION,
  queryCommands(() => LIST),
  queryQmpSchema(() => LIST),
  QUERY_STATUS,
  QUERY_NAME,
  QUERY_IOTHREADS,
  QUIT,
  OBJECT_ADD,
  OBJECT_DEL,
  QOM_LIST,
  QOM_GET,
  QOM_SET,
  OBJECTS_RELOAD,
  DISPLAY_RELOAD,
  BLOCKDEV_ADD,
  BLOCKDEV_DEL,
  QUERY_NAMED_BLOCK_NODES,
  QUERY_BLOCK,
  NBD_SERVER_START,
  NBD_SERVER_ADD,
  NBD_SERVER_REMOVE,
  NBD_SERVER_STOP,
  BLOCK_EXPORT_ADD,
  BLOCK_EXPORT_DEL,
  QUERY_BLOCK_EXPORTS,
]

export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  LIST.map((command) => [command.name, command]),
)
