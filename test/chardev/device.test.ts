/** A terminal that is a device, as a serial line is: socat has the other side of it. */
import { once } from 'node:events'
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { scratchFolder } from '../cli/command.ts'
import { connectPlain } from '../migration/relay/plain-ends.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { execFileSync, spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { makeChardevs } from './chardev-fixture.ts'

/** Descriptors of this process that are of terminals. */
function openTerminals(): number {
  return readdirSync('/proc/self/fd').filter((name) => isOfTerminal(name)).length
}

function isOfTerminal(name: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${name}`).startsWith('/dev/pts/')
  } catch {
    return false
  }
}

testWith('socat', 'a device: no byte is changed, and it is left as it was', async () => {
  const folder = scratchFolder()
  const device = join(folder, 'line')
  const line = spawn('socat', ['-', `PTY,link=${device}`], { stdio: ['pipe', 'pipe', 'inherit'] })
  await eventually(() => existsSync(device))
  const settings = () => execFileSync('stty', ['-a', '-F', device])
  const before = settings()
  const terminals = openTerminals()
  const { add, registry } = makeChardevs()
  await add(`socket,id=s,path=${folder}/s,server=on`)
  await add(`pipe,id=line,path=${device}`)
  const { separate } = registry.join('s', 'line')
  const user = await connectPlain(`${folder}/s`)
  const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  let [there, back] = [Buffer.alloc(0), Buffer.alloc(0)]
  line.stdout?.on('data', (bytes: Buffer) => {
    there = Buffer.concat([there, bytes])
  })
  user.on('data', (bytes: Buffer) => {
    back = Buffer.concat([back, bytes])
  })
  user.write(every)
  line.stdin?.write(every)
  await eventually(() => there.length >= 256 && back.length >= 256)
  expect(there).toEqual(every)
  expect(back).toEqual(every)
  user.destroy()
  await once(user, 'close')
  await separate()
  await registry.remove('line')
  expect(settings()).toBe(before)
  await eventually(() => openTerminals() === terminals)
})
