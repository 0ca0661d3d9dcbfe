/**
 * Throughput over TLS, in turn with qemu-nbd and nbdkit, with nbdcopy and fio as the clients.
 *
 *     npm run bench:nbd -- [--runs 7]
 *
 * The images are in memory (/dev/shm), so that no disk is measured.
 */

import { randomBytes } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  makeKeys,
  makeScratch,
  median,
  type Peer,
  run,
  startNbdkit,
  startOurs,
  startQemu,
  stop,
} from './nbd-peers.ts'

const { values: options } = parseArgs({ options: { runs: { type: 'string', default: '7' } } })
const RUNS = Number(options.runs)
const MEBIBYTE = 1_048_576
const READ_MEBIBYTES = 2048
const WRITE_MEBIBYTES = 1024

const scratch = makeScratch('/dev/shm')
const keys = makeKeys(scratch.folder)

function makeImage(name: string, mebibytes: number): string {
  const path = join(scratch.folder, name)
  const descriptor = openSync(path, 'w')
  const noise = randomBytes(MEBIBYTE)
  for (let count = 0; count < mebibytes; count++) writeSync(descriptor, noise)
  closeSync(descriptor)
  return path
}

function uriOf({ port }: Peer): string {
  return `nbds://localhost:${port}/?tls-certificates=${keys}`
}

/** Megabytes a second. */
function timeCopy(args: readonly string[], mebibytes: number): number {
  const begin = performance.now()
  run('nbdcopy', args)
  return (mebibytes * MEBIBYTE) / 1000 / (performance.now() - begin)
}

/** Reads of 4 KiB a second. */
function timeRandomReads({ port }: Peer): number {
  // fio looks for certificates where libnbd does by default, which for root is not in its home.
  const user = process.getuid?.() === 0 ? ['--reuid=65534', '--clear-groups'] : []
  const job = [
    ...['--name=reads', '--ioengine=nbd', `--uri=nbds://localhost:${port}/`, '--rw=randread'],
    ...['--bs=4k', '--iodepth=32', '--size=1g', '--time_based', '--runtime=3', '--minimal'],
  ]
  const text = run('setpriv', [...user, 'env', `HOME=${scratch.folder}`, 'fio', ...job])
  const fields =
    text
      .split('\n')
      .find((line) => line.startsWith('3;'))
      ?.split(';') ?? []
  return Number(fields[7])
}

/** All in turn, so that a change of the machine's speed hits all. */
function compare(what: string, unit: string, peers: readonly Peer[], time: (peer: Peer) => number) {
  const results = new Map<string, number[]>(peers.map(({ name }) => [name, []]))
  for (let round = 0; round < RUNS; round++) {
    for (const peer of peers) results.get(peer.name)?.push(time(peer))
  }
  const ours = results.get('ours') ?? []
  const parts = peers.map(({ name }) => {
    const theirs = results.get(name) ?? []
    const ratio = median(ours.map((value, index) => value / (theirs[index] ?? value)))
    const text = `${name} ${median(theirs).toFixed(0)} ${unit}`
    return name === 'ours' ? text : `${text} (ours ${ratio.toFixed(2)} times)`
  })
  console.log(`${what}: ${parts.join(', ')}`)
}

const peers: Peer[] = []
try {
  const image = makeImage('read.img', READ_MEBIBYTES)
  peers.push(await startOurs(keys, [image]))
  peers.push(await startQemu(keys, image))
  peers.push(await startNbdkit(keys, image))
  compare('sequential read', 'MB/s', peers, (peer) =>
    timeCopy([uriOf(peer), 'null:'], READ_MEBIBYTES),
  )
  run('chmod', ['-R', 'a+rX', scratch.folder])
  compare('random reads of 4 KiB, 32 in flight', 'a second', peers, timeRandomReads)
  await stop(peers.splice(0))

  const source = makeImage('source.img', WRITE_MEBIBYTES)
  const target = makeImage('target.img', WRITE_MEBIBYTES)
  peers.push(await startOurs(keys, [target]))
  peers.push(await startQemu(keys, target))
  compare('sequential write', 'MB/s', peers, (peer) =>
    timeCopy(['--allocated', source, uriOf(peer)], WRITE_MEBIBYTES),
  )
} finally {
  await stop(peers)
  scratch.remove()
}
