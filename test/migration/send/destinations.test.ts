/** Destinations that fail, answer nonsense, or say nothing: a source never takes one of them for a guest that arrived. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseMigrationUri } from '../../../src/migration/address/migration-uri.ts'
import { sendMigration } from '../../../src/migration/send/send.ts'
import { readStoredMigration } from '../../../src/migration/send/stored-migration.ts'
import { scratchFolder } from '../../cli/command.ts'
import { runInProcess } from '../../cli/in-process.ts'
import { refusal } from '../../diagnostic-code.ts'
import { readRecorded } from '../recorded-streams.ts'

const PLAIN = readRecorded('exec-11-pc-q35-11.1-S.bin.gz')

/** Behind the header and the configuration: QEMU_VM_COMMAND, OPEN_RETURN_PATH, no data. */
const COMMANDS_AT = 8 + 1 + 4 + PLAIN.readUInt32BE(9)
const ANSWERED = Buffer.concat([
  PLAIN.subarray(0, COMMANDS_AT),
  Buffer.from('0800010000', 'hex'),
  PLAIN.subarray(COMMANDS_AT),
])

/** MIG_RP_MSG_SHUT: number of the message, length, status. */
const SHUT = (status: number) =>
  Buffer.from(`00010004${status.toString(16).padStart(8, '0')}`, 'hex')

const GENEROUS = 240_000

/** Sends a guest to a destination that does something when it has all of it. */
async function send(stream: Buffer, whenWhole: (socket: Socket) => void, timeout = GENEROUS) {
  const server = createServer((socket) => {
    onTestFinished(() => void socket.destroy())
    let got = 0
    socket.on('error', () => {})
    socket.on('data', (part) => {
      got += part.length
      if (got === stream.length) whenWhole(socket)
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const path = join(scratchFolder(), 'guest')
  writeFileSync(path, stream)
  const uri = parseMigrationUri(`tcp:127.0.0.1:${(server.address() as AddressInfo).port}`)
  const { signal } = new AbortController()
  return sendMigration(await readStoredMigration(path), uri, { timeout, signal })
}

test('a destination that answers that it has the guest is believed', async () => {
  const result = await send(ANSWERED, (socket) => socket.write(SHUT(0)))
  expect(result).toMatchObject({ bytes: ANSWERED.length, shut: 0, pongs: 0 })
})

test('a destination that is asked for no answer has the guest when it ends the connection', async () => {
  const result = await send(PLAIN, (socket) => socket.end())
  expect(result).toMatchObject({ bytes: PLAIN.length, shut: null })
})

describe('a guest did not arrive', () => {
  test.each([1, 0x8000_0000])(
    'where the destination answers that it failed: %i',
    async (status) => {
      const sent = send(ANSWERED, (socket) => socket.write(SHUT(status)))
      await expect(sent).rejects.toThrow(refusal('MIGRATION_DESTINATION_FAILED'))
    },
  )

  test.each(['ffff000400000000', '0001000500000000'])(
    'where the answer is none: %s',
    async (answer) => {
      const sent = send(ANSWERED, (socket) => socket.end(Buffer.from(answer, 'hex')))
      await expect(sent).rejects.toThrow(refusal('MIGRATION_ANSWER_MALFORMED'))
    },
  )

  test('where the destination says nothing', async () => {
    const sent = send(ANSWERED, () => {}, 200)
    await expect(sent).rejects.toThrow(refusal('MIGRATION_NO_ANSWER'))
  })

  test('where the destination goes away without an answer', async () => {
    const sent = send(ANSWERED, (socket) => socket.end())
    await expect(sent).rejects.toThrow(refusal('MIGRATION_DESTINATION_CLOSED'))
  })

  test('where a destination that is asked for no answer resets the connection', async () => {
    const sent = send(PLAIN, (socket) => socket.resetAndDestroy())
    await expect(sent).rejects.toThrow(refusal('MIGRATION_DESTINATION_CLOSED'))
  })
})

test('a guest that goes over a network in clear is told of', async () => {
  const path = join(scratchFolder(), 'guest')
  writeFileSync(path, PLAIN)
  // A name that no resolver knows (RFC 6761 section 6.4): nothing is sent.
  const { stderr, status } = await runInProcess([
    'migrate',
    'send',
    '--input',
    path,
    '--to',
    'tcp:host.invalid:1',
  ])
  expect(stderr).toContain('warning[MIGRATION_CLEAR_TEXT]')
  expect(status).toBe(69)
  const local = await runInProcess(['migrate', 'send', '--input', path, '--to', 'tcp:127.0.0.1:1'])
  expect(local.stderr).not.toContain('MIGRATION_CLEAR_TEXT')
})
