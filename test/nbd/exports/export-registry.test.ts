/** Exports that come and go while real clients use them, in the way of QEMU's block-export-del. */
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ExportRegistry } from '../../../src/nbd/exports/export-registry.ts'
import { NBD_OPT, NBD_REP } from '../../../src/nbd/protocol/constants.ts'
import { encodeInfoOption } from '../../../src/nbd/protocol/option-data.ts'
import { MemoryStorage } from '../../../src/nbd/storage/memory-storage.ts'
import { execFile, spawn } from '../../peers/child-process.ts'
import { testWith } from '../../peers/peer.ts'
import { RawClient } from '../server/raw-client.ts'
import { ScriptedStorage } from '../server/scripted-storage.ts'
import { eventually, exportOf, startServer } from '../server/test-server.ts'

const MIB = 1 << 20

const disk = (name: string, size = MIB) => exportOf(new MemoryStorage(size), { name })

/** qemu-io, connected and waiting for commands; everything that it says. */
function startQemuIo(path: string, name: string) {
  const uri = `nbd+unix:///${name}?socket=${path}`
  const child = spawn('qemu-io', ['-r', '-f', 'raw', uri])
  const heard = { text: '' }
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (bytes: Buffer) => {
      heard.text += bytes
    })
  }
  return { say: (line: string) => child.stdin?.write(`${line}\n`), heard }
}

/** Names and sizes as libnbd sees them. */
async function listNames(path: string): Promise<readonly string[]> {
  const args = ['--list', '--json', `nbd+unix:///?socket=${path}`]
  const { stdout } = await execFile('nbdinfo', args)
  const { exports } = JSON.parse(stdout) as { exports: readonly Record<string, unknown>[] }
  return exports.map((row) => `${row['export-name']} ${row['export-size']}`)
}

testWith('nbdinfo', 'clients list and find what there is now', async () => {
  const exports = new ExportRegistry([disk('one')])
  const { path } = await startServer({ exports })
  expect(await listNames(path)).toEqual([`one ${MIB}`])
  exports.add(disk('two', 2 * MIB))
  expect(await listNames(path)).toEqual([`one ${MIB}`, `two ${2 * MIB}`])
  await exports.remove('one')
  expect(await listNames(path)).toEqual([`two ${2 * MIB}`])
  exports.add(disk('one', 3 * MIB))
  expect(await listNames(path)).toEqual([`two ${2 * MIB}`, `one ${3 * MIB}`])
})

testWith('qemu-io', 'a client keeps its export from being removed, until it has left', async () => {
  const exports = new ExportRegistry([disk('one')])
  const { path, server } = await startServer({ exports })
  const client = startQemuIo(path, 'one')
  client.say('read 0 4k')
  await eventually(() => client.heard.text.includes('read 4096/4096'))
  await expect(exports.remove('one')).rejects.toThrow("export 'one' still in use")
  client.say('read 4k 4k')
  await eventually(() => client.heard.text.includes('at offset 4096'))
  client.say('quit')
  await eventually(() => server.connectionCount === 0)
  await exports.remove('one')
  expect(exports.list).toEqual([])
})

testWith('qemu-io', 'hard removal disconnects the clients of the export alone', async () => {
  const exports = new ExportRegistry([disk('one'), disk('two')])
  const { path, events } = await startServer({ exports })
  const [client, other] = [startQemuIo(path, 'one'), startQemuIo(path, 'two')]
  for (const { say } of [client, other]) say('read 0 4k')
  await eventually(() => [client, other].every(({ heard }) => heard.text.includes('read 4096')))
  await exports.remove('one', 'hard')
  client.say('read 4k 4k')
  await eventually(() => client.heard.text.includes('read failed: Input/output error'))
  other.say('read 4k 4k')
  await eventually(() => other.heard.text.includes('at offset 4096'))
  const left = events.filter(({ event }) => event === 'left')
  expect(left).toEqual([expect.objectContaining({ ending: 'export removed' })])
})

test('hard removal waits for what the storage is about to do, within TLS too', async () => {
  const storage = new ScriptedStorage(MIB)
  let goOn: (() => void) | undefined
  storage.before = () =>
    new Promise((resolve) => {
      goOn = resolve
    })
  const exports = new ExportRegistry([exportOf(storage)])
  const { path, events } = await startServer({ exports, tlsMode: 'required' })
  const client = await RawClient.greet(path)
  await client.startTls()
  await client.go('simple')
  // NBD_CMD_READ of 512 bytes.
  client.send(Buffer.from(`2560951300000000${'00'.repeat(16)}00000200`, 'hex'))
  await eventually(() => goOn !== undefined)
  let isGone = false
  const removal = exports.remove('', 'hard').then(() => {
    isGone = true
  })
  await client.readToEnd()
  await setImmediate()
  expect(isGone).toBe(false)
  goOn?.()
  await removal
  await eventually(() => events.some(({ event }) => event === 'left'))
})

test('a client that negotiates sees an export go and come', async () => {
  const exports = new ExportRegistry([disk('')])
  const { path } = await startServer({ exports })
  const client = await RawClient.greet(path)
  const ask = (option: number) =>
    client.outcome(option, encodeInfoOption({ name: '', information: [] }))
  expect(await ask(NBD_OPT.INFO)).toBe(NBD_REP.ACK)
  await exports.remove('')
  expect(await ask(NBD_OPT.INFO)).toBe(NBD_REP.ERR_UNKNOWN)
  expect(await ask(NBD_OPT.GO)).toBe(NBD_REP.ERR_UNKNOWN)
  exports.add(disk(''))
  expect(await ask(NBD_OPT.GO)).toBe(NBD_REP.ACK)
})

test('an export that was replaced by another of its name is not used in its place', () => {
  const [first, second] = [disk('one'), disk('one')]
  const exports = new ExportRegistry([first])
  void exports.remove('one')
  exports.add(second)
  expect(exports.use(first, () => {})).toBeUndefined()
  expect(exports.use(second, () => {})).toBeTypeOf('function')
})

/** The words are those of qemu-storage-daemon 10.0. */
test('refuses in the words of QEMU', async () => {
  const exports = new ExportRegistry([disk('one')])
  expect(() => exports.add(disk('one'))).toThrow("NBD server already has export named 'one'")
  expect(() => new ExportRegistry([disk('one'), disk('one')])).toThrow('already has export named')
  await expect(exports.remove('two')).rejects.toThrow("Export 'two' is not found")
  expect(() => exports.add(disk('x'.repeat(5000)))).toThrow('the name')
  expect(exports.list).toHaveLength(1)
})
