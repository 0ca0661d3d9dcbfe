/** What a receiver refuses of its source, by the commands of QEMU's migration/savevm.h. */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { openStore } from '../../../src/migration/receive/open-store.ts'
import { SourceDialogue } from '../../../src/migration/receive/source-dialogue.ts'
import { createMainDecoder } from '../../../src/migration/stream/main-channel.ts'
import { scratchFolder } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'
import { readRecorded } from '../recorded-streams.ts'

const STREAM = readRecorded('exec-11-pc-q35-11.1-S.bin.gz')

/** Behind the header and the configuration. */
const COMMANDS_AT = 8 + 1 + 4 + STREAM.readUInt32BE(9)

/** QEMU_VM_COMMAND, the number of the command, the length of its data, the data. */
const COMMANDS = {
  openReturnPath: '08 0001 0000',
  ping: '08 0002 0004 00000007',
  postcopyAdvise: '08 0003 0000',
  enableColo: '08 0008 0000',
} as const

type Command = keyof typeof COMMANDS

type Sides = { readonly sentTickets?: boolean; readonly switchoverAck?: boolean }

/** What a source is answered that begins with these commands; throws where it is refused. */
function answersTo(commands: readonly Command[], sides: Sides = {}): string {
  const answers = new PassThrough()
  const { sentTickets = false, switchoverAck = false } = sides
  let setUps = 0
  const onSetup = () => void setUps++
  const dialogue = new SourceDialogue(answers, { sentTickets, switchoverAck, onSetup })
  const decoder = createMainDecoder(dialogue.handle)
  decoder.push(STREAM.subarray(0, COMMANDS_AT))
  for (const command of commands) {
    decoder.push(Buffer.from(COMMANDS[command].replaceAll(' ', ''), 'hex'))
  }
  decoder.push(STREAM.subarray(COMMANDS_AT))
  decoder.finish()
  expect(setUps).toBe(1)
  dialogue.tellWhole()
  const parts: Buffer[] = []
  for (let part = answers.read(); part !== null; part = answers.read()) parts.push(part)
  return Buffer.concat(parts).toString('hex')
}

/** Number of the message, length, data: MIG_RP_MSG_PONG and MIG_RP_MSG_SHUT. */
const PONG = '0002000400000007'
const SHUT = '0001000400000000'

test('a source that opens a return path is answered, and any other is not', () => {
  expect(answersTo([])).toBe('')
  expect(answersTo(['ping'])).toBe('')
  expect(answersTo(['openReturnPath', 'ping'])).toBe(`${PONG}${SHUT}`)
})

test('a source of a machine type of 11.1 gets no acknowledgement that none of its devices asked for', () => {
  expect(answersTo(['openReturnPath'], { switchoverAck: true })).toBe(SHUT)
})

test('a source that would run the guest on both sides is refused', () => {
  expect(() => answersTo(['openReturnPath', 'enableColo'])).toThrow(
    refusal('MIGRATION_COLO_REFUSED'),
  )
  expect(() => answersTo(['postcopyAdvise'])).toThrow(refusal('MIGRATION_POSTCOPY_REFUSED'))
})

test('a source that may lose its end by unread session tickets has to open a return path', () => {
  const sides = { sentTickets: true }
  expect(() => answersTo([], sides)).toThrow(refusal('MIGRATION_RETURN_PATH_REQUIRED'))
  expect(answersTo(['openReturnPath'], sides)).toBe(SHUT)
})

test('a guest is not stored over an unfinished file that another program has put there', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'guest')
  const store = await openStore(path, 0)
  const writer = await store.open('main')
  await writer.write(Buffer.from('the guest'))
  const [unfinished = ''] = readdirSync(folder)
  renameSync(join(folder, unfinished), join(folder, 'aside'))
  writeFileSync(join(folder, unfinished), 'of another program')
  const publish = store.publish()
  await expect(publish).rejects.toThrow(refusal('MIGRATION_FILE_REPLACED'))
  expect([existsSync(path), existsSync(`${path}.sha256`)]).toEqual([false, false])
  expect(readFileSync(join(folder, unfinished), 'utf8')).toBe('of another program')
  await store.discard()
})

/** QEMU's switchover-ack: up to 11.0, a destination without devices that have to be ready answers at once. */
test.each([
  ['pc-q35-11.0', true],
  ['pc-q35-11.1', false],
  ['pc-q35-12.0', false],
  ['pc-i440fx-10.2', true],
  ['pc-q35-9.9', true],
  ['none', true],
  ['', true],
])('a source of %s waits for an answer: %s', (machine, isAnswered) => {
  const answers = new PassThrough()
  const options = { sentTickets: false, switchoverAck: true, onSetup: () => {} }
  const dialogue = new SourceDialogue(answers, options)
  const told = { machine, subsections: [] }
  dialogue.handle({ type: 'configuration', offset: 0, configuration: told })
  const opened = {
    command: 'OPEN_RETURN_PATH',
    offset: 0,
    length: 0,
    data: Buffer.alloc(0),
  } as const
  dialogue.handle({ type: 'command', ...opened, isPackaged: false })
  expect(answers.read()?.toString('hex') ?? '').toBe(isAnswered ? '00070000' : '')
})
