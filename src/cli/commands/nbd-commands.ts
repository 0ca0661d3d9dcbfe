/** `cryptopolicy nbd`: the commands on network block devices. */
import type { CommandDefinition } from '../command.ts'
import { addNbdBench } from './nbd-bench.ts'
import { addNbdCopy } from './nbd-copy.ts'
import { addNbdInfo } from './nbd-info.ts'
import { addNbdList } from './nbd-list.ts'
import { addNbdServe } from './nbd-serve.ts'

export const NBD_COMMANDS: readonly CommandDefinition[] = [
  addNbdServe,
  addNbdInfo,
  addNbdList,
  addNbdCopy,
  addNbdBench,
]
