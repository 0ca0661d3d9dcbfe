/** Stores what the QEMU of a running guest sends, channel by channel. */
import { once } from 'node:events'
import { createWriteStream, mkdirSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createMainDecoder } from '../../src/migration/stream/main-channel.ts'
import { scratchFolder } from '../cli/command.ts'
import type { Guest } from './guest.ts'

export type RecordOptions = {
  /** Multifd channels beside the main one. */
  readonly channels?: number
  readonly hasReturnPath?: boolean
}

/** SHUT with status 0: the source may go. */
const SHUT = Buffer.from('0001000400000000', 'hex')

/** Moves a guest into a folder; it is stopped afterwards. @returns the folder, or its only file. */
export async function recordGuest(
  { qmp }: Guest,
  { channels = 0, hasReturnPath = false }: RecordOptions = {},
): Promise<string> {
  const folder = join(scratchFolder(), 'channels')
  mkdirSync(folder)
  const stored: Promise<unknown>[] = []
  const server = createServer((connection) => {
    const file = createWriteStream(join(folder, `channel-${stored.length}`))
    if (hasReturnPath && stored.length === 0) answerAtEnd(connection)
    stored.push(once(file, 'close'))
    connection.on('error', () => {}).pipe(file)
  }).listen(join(folder, '..', 'socket'))
  await once(server, 'listening')
  const capabilities = ['events', ...(hasReturnPath ? ['return-path'] : [])]
  await qmp.setCapabilities([...capabilities, ...(channels > 0 ? ['multifd'] : [])])
  const multifd = channels > 0 ? { 'multifd-channels': channels } : {}
  await qmp.run('migrate-set-parameters', { 'max-bandwidth': 2 ** 40, ...multifd })
  await qmp.run('migrate', { uri: `unix:${join(folder, '..', 'socket')}` })
  const status = await qmp.waitForMigration()
  if (status !== 'completed') throw new Error(`the guest was not stored: ${status}`)
  await Promise.all(stored)
  server.close()
  return channels > 0 ? folder : join(folder, 'channel-0')
}

/** As QEMU does, which fails where it is answered earlier. */
function answerAtEnd(connection: Socket): void {
  const decoder = createMainDecoder(({ type }) => type === 'description' && connection.write(SHUT))
  connection.on('data', (bytes: Buffer) => decoder.push(bytes))
}
