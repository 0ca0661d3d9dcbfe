/** `cryptopolicy nbd`: the commands on network block devices. */
import type { Command } from 'commander'
import { addNbdBench } from './nbd-bench.ts'
import { addNbdCopy } from './nbd-copy.ts'
import { addNbdInfo } from './nbd-info.ts'
import { addNbdList } from './nbd-list.ts'
import { addNbdServe } from './nbd-serve.ts'

export function addNbd(program: Command): void {
  const group = program
    .command('nbd')
    .summary('network block devices over TLS that obeys the policy')
    .description('Serve, look at, copy and measure network block devices.')
  for (const add of [addNbdServe, addNbdInfo, addNbdList, addNbdCopy, addNbdBench]) add(group)
}
