/** Every command of the monitor, by its name. */

import { ADD_FD } from './add-fd.ts'
import { BLOCK_EXPORT_ADD } from './block-export-add.ts'
import { BLOCK_EXPORT_DEL } from './block-export-del.ts'
import { BLOCKDEV_ADD } from './blockdev-add.ts'
import { BLOCKDEV_DEL } from './blockdev-del.ts'
import { CHARDEV_ADD } from './chardev-add.ts'
import { CHARDEV_CHANGE } from './chardev-change.ts'
import { CHARDEV_REMOVE } from './chardev-remove.ts'
import { CHARDEV_SEND_BREAK } from './chardev-send-break.ts'
import { CLOSEFD } from './closefd.ts'
import { CONT } from './cont.ts'
import type { Command } from './define-command.ts'
import { DISPLAY_RELOAD } from './display-reload.ts'
import { GETFD } from './getfd.ts'
import { humanMonitorCommand } from './human-monitor-command.ts'
import { MIGRATE } from './migrate.ts'
import { MIGRATE_CANCEL } from './migrate-cancel.ts'
import { MIGRATE_CONTINUE } from './migrate-continue.ts'
import { MIGRATE_INCOMING } from './migrate-incoming.ts'
import { MIGRATE_PAUSE } from './migrate-pause.ts'
import { MIGRATE_RECOVER } from './migrate-recover.ts'
import { MIGRATE_SET_CAPABILITIES } from './migrate-set-capabilities.ts'
import { MIGRATE_SET_PARAMETERS } from './migrate-set-parameters.ts'
import { MIGRATE_START_POSTCOPY } from './migrate-start-postcopy.ts'
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
import { QOM_LIST_GET } from './qom-list-get.ts'
import { QOM_SET } from './qom-set.ts'
import { QUERY_BLOCK } from './query-block.ts'
import { QUERY_BLOCK_EXPORTS } from './query-block-exports.ts'
import { QUERY_BLOCK_JOBS } from './query-block-jobs.ts'
import { QUERY_CHARDEV } from './query-chardev.ts'
import { QUERY_CHARDEV_BACKENDS } from './query-chardev-backends.ts'
import { queryCommands } from './query-commands.ts'
import { QUERY_CPUS_FAST } from './query-cpus-fast.ts'
import { QUERY_FDSETS } from './query-fdsets.ts'
import { QUERY_HOTPLUGGABLE_CPUS } from './query-hotpluggable-cpus.ts'
import { QUERY_IOTHREADS } from './query-iothreads.ts'
import { QUERY_JOBS } from './query-jobs.ts'
import { QUERY_MIGRATE } from './query-migrate.ts'
import { QUERY_MIGRATE_CAPABILITIES } from './query-migrate-capabilities.ts'
import { QUERY_MIGRATE_PARAMETERS } from './query-migrate-parameters.ts'
import { QUERY_NAME } from './query-name.ts'
import { QUERY_NAMED_BLOCK_NODES } from './query-named-block-nodes.ts'
import { queryQmpSchema } from './query-qmp-schema.ts'
import { QUERY_STATUS } from './query-status.ts'
import { QUERY_VERSION } from './query-version.ts'
import { QUERY_VNC } from './query-vnc.ts'
import { QUERY_VNC_SERVERS } from './query-vnc-servers.ts'
import { QUERY_YANK } from './query-yank.ts'
import { QUIT } from './quit.ts'
import { RINGBUF_READ } from './ringbuf-read.ts'
import { RINGBUF_WRITE } from './ringbuf-write.ts'
import { SET_ACTION } from './set-action.ts'
import { STOP } from './stop.ts'
import { YANK } from './yank.ts'

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
  MIGRATE,
  MIGRATE_CANCEL,
  MIGRATE_INCOMING,
  MIGRATE_SET_CAPABILITIES,
  MIGRATE_SET_PARAMETERS,
  QUERY_MIGRATE,
  QUERY_MIGRATE_CAPABILITIES,
  QUERY_MIGRATE_PARAMETERS,
  GETFD,
  CLOSEFD,
  ADD_FD,
  QUERY_FDSETS,
  QUERY_JOBS,
  QUERY_BLOCK_JOBS,
  CONT,
  STOP,
  CHARDEV_ADD,
  CHARDEV_CHANGE,
  CHARDEV_REMOVE,
  CHARDEV_SEND_BREAK,
  QUERY_CHARDEV,
  RINGBUF_READ,
  RINGBUF_WRITE,
  QUERY_CPUS_FAST,
  QUERY_HOTPLUGGABLE_CPUS,
  SET_ACTION,
  QOM_LIST_GET,
  MIGRATE_PAUSE,
  MIGRATE_RECOVER,
  MIGRATE_START_POSTCOPY,
  MIGRATE_CONTINUE,
  QUERY_YANK,
  YANK,
  QUERY_CHARDEV_BACKENDS,
  QUERY_VNC,
  QUERY_VNC_SERVERS,
  humanMonitorCommand(() => LIST),
]

export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  LIST.map((command) => [command.name, command]),
)
