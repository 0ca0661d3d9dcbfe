/** `chardev connect` as a user at a terminal has it. What stty(1) says of the terminal is the judge. */
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { scratchFolder } from '../cli/command.ts'
import { CRYPTOPOLICY } from '../cli/service-process.ts'
import { listenPlain, readAll } from '../migration/relay/plain-ends.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { makeChardevs } from './chardev-fixture.ts'
import { isRunning, kill, PROMPT, sitDown } from './user-at-terminal.ts'

/** A console that says again what it is told. */
async function startConsole(command = 'cat') {
  const chardevs = makeChardevs()
  const port = await chardevs.add('socket,id=a,host=127.0.0.1,port=0,server=on')
  await chardevs.add(`exec,id=command,command=${command}`)
  chardevs.registry.join('a', 'command')
  return { ...chardevs, definition: `socket,host=127.0.0.1,port=${port}` }
}

test('the terminal is raw during the session, and Ctrl-] ends it', async () => {
  const { definition } = await startConsole()
  const user = await sitDown()
  const before = user.settings()
  await user.connects(definition)
  expect(user.shown()).toContain('^] ends it')
  expect(user.settings()).toMatch(/-icanon/)
  expect(user.settings()).toMatch(/-isig/)
  expect(user.settings()).toMatch(/-echo /)
  expect(user.settings()).toContain('rows 31; columns 97')
  // Ctrl-C, Ctrl-D, Ctrl-Z, Ctrl-S and Ctrl-\ are for the other side.
  user.type('\x03\x04\x1a\x13\x1c\x11x')
  await user.sees('\x03\x04\x1a\x13\x1c\x11x')
  // Its line ends are its own; those of the log begin a line.
  user.type('one\ntwo')
  await user.sees(/one\ntwo/)
  expect(user.shown()).toMatch(/reached 127.0.0.1:\d+\r\n/)
  user.type('\x1d')
  await user.sees(PROMPT)
  user.type('echo status $?\n')
  await user.sees(/status 0/)
  await user.sees(PROMPT)
  expect(user.settings()).toBe(before)
})

test('a chardev that does not go to the terminal names no key', async () => {
  const user = await sitDown()
  const chardev = `socket,id=a,path=${join(scratchFolder(), 'socket')},server=on`
  user.type(`"${CRYPTOPOLICY}" chardev listen --chardev ${chardev} --to ringbuf,id=b\n`)
  await user.sees(/ready: /)
  expect(user.shown()).not.toContain('ends it')
  user.type('\x03')
  await user.sees(PROMPT)
})

test.each(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGABRT'] as const)(
  'the terminal is as it was after %s',
  async (signal) => {
    const { definition } = await startConsole()
    const user = await sitDown()
    const before = user.settings()
    const pid = await user.connects(definition)
    kill(pid, signal)
    await user.sees(PROMPT)
    expect(user.settings()).toBe(before)
  },
)

test('the terminal is as it was after SIGKILL, which tells the program nothing', async () => {
  const { definition } = await startConsole()
  const user = await sitDown()
  const before = user.settings()
  const pid = await user.connects(definition)
  expect(user.settings()).not.toBe(before)
  // To all that it has started at this terminal.
  process.kill(-pid, 'SIGKILL')
  await eventually(() => user.settings() === before)
  await user.sees(/\$ /)
  user.type('echo all is well\n')
  await user.sees(/all is well\r\n/)
})

test('a terminal that was repaired by then is left alone after SIGKILL', async () => {
  const { definition } = await startConsole()
  const user = await sitDown()
  const pid = await user.connects(definition)
  kill(pid, 'SIGSTOP')
  await user.sees(PROMPT)
  user.type('stty sane -echoe\n')
  await user.sees(PROMPT)
  const repaired = user.settings()
  kill(pid, 'SIGKILL')
  user.type('wait; echo still there\n')
  await user.sees(/\nstill there\r\n/)
  expect(user.settings()).toBe(repaired)
})

test('one that is stopped gives the terminal back, and takes it again when it goes on', async () => {
  const { definition } = await startConsole()
  const user = await sitDown()
  const before = user.settings()
  const pid = await user.connects(definition)
  const raw = user.settings()
  kill(pid, 'SIGTSTP')
  await user.sees(PROMPT)
  expect(user.settings()).toBe(before)
  user.type('fg\n')
  await eventually(() => user.settings() === raw)
  user.type('there')
  await user.sees(/there/)
  // It cannot give it back then; the user may have repaired it meanwhile.
  kill(pid, 'SIGSTOP')
  await user.sees(PROMPT)
  user.type(`stty sane\n`)
  await user.sees(PROMPT)
  user.type('fg\n')
  await eventually(() => user.settings() === raw)
  user.type('\x1d')
  await user.sees(PROMPT)
  expect(user.settings()).not.toBe(raw)
})

test('it ends when its terminal goes away', async () => {
  const { definition, events } = await startConsole()
  const user = await sitDown()
  const pid = await user.connects(definition)
  user.hangUp()
  await eventually(() => events.some(({ event }) => event === 'left'))
  await eventually(() => !isRunning(pid))
})

test('Ctrl-] ends it at once where the other side reads nothing', async () => {
  const { definition } = await startConsole('exec sleep 1000')
  const user = await sitDown()
  const pid = await user.connects(definition)
  for (let count = 0; count < 100; count++) user.type('x'.repeat(10))
  user.type('\x1d')
  await user.sees(PROMPT)
  expect(isRunning(pid)).toBe(false)
})

test('what is typed just before Ctrl-] still reaches the other side', async () => {
  const path = join(scratchFolder(), 'server')
  const server = await listenPlain(path)
  const user = await sitDown()
  await user.connects(`socket,path=${path}`)
  const connection = await server.next()
  await user.sees(/reached/)
  user.type('poweroff\r\x1d')
  expect(String(await readAll(connection))).toBe('poweroff\r')
  connection.end()
  await user.sees(PROMPT)
})

test('it ends when the other side has said all, whatever the user types on', async () => {
  const { definition } = await startConsole('exec >&-; exec cat >/dev/null')
  const user = await sitDown()
  await user.connects(definition)
  const typing = setInterval(() => user.type('x'), 20)
  onTestFinished(() => clearInterval(typing))
  await user.sees(/\$ x*$/)
})
