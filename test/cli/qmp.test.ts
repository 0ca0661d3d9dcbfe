/** `cryptopolicy qmp` with the monitor of a real QEMU, and with ours. */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { CommandRunner } from '../../src/monitor/client/command-runner.ts'
import { completeLine } from '../../src/monitor/client/completion.ts'
import { openMonitor } from '../../src/monitor/client/open-monitor.ts'
import { startMonitor } from '../monitor/our-monitor.ts'
import { QEMU, startQemuAt } from '../monitor/qemu-monitor.ts'
import { testWith } from '../peers/peer.ts'
import { scratchFolder } from './command.ts'
import { runInProcess } from './in-process.ts'
import { resultOf } from './json-output.ts'

const MONITORS = [
  ['QEMU', async () => startQemuAt(join(scratchFolder(), 'qemu.sock'))],
  ['ours', async () => (await startMonitor()).path],
] as const

describe.each(MONITORS)('with the monitor of %s', (_, start) => {
  testWith(
    QEMU,
    'a command that it does not have is told with a way to those that it has',
    async () => {
      const { status, stderr } = await runInProcess(['qmp', await start(), 'nosuch'])
      expect(status).toBe(EXIT.answerIsNo)
      expect(stderr).toMatch(
        /^error\[QMP_REFUSED\]: nosuch: .*\nhint: query-commands lists the commands/,
      )
    },
  )

  testWith(QEMU, 'values are of the types that the monitor says', async () => {
    const socket = await start()
    const qmp = async (...words: string[]) => {
      const outcome = await runInProcess(['qmp', socket, ...words])
      expect([words, outcome.stderr, outcome.status]).toEqual([words, '', EXIT.done])
      return outcome.stdout
    }
    await qmp('blockdev-add', 'driver=null-co', 'node-name=n0', 'size=1048576', 'read-only=on')
    const address = ['addr.type=inet', 'addr.data.host=127.0.0.1', 'addr.data.port=0']
    await qmp('nbd-server-start', ...address, 'max-connections=5')
    await qmp('block-export-add', 'type=nbd', 'id=e0', 'node-name=n0', 'name=123')
    expect(JSON.parse(await qmp('query-block-exports'))).toMatchObject([{ id: 'e0' }])
    await qmp('migrate-set-parameters', 'max-bandwidth=9223372036853727232', 'tls-creds=null')
    expect(await qmp('query-migrate-parameters')).toContain('"max-bandwidth": 9223372036853727232')
    const rule = ['rules.0.match=CN=a', 'rules.0.policy=allow', 'rules.0.format=glob']
    await qmp('object-add', 'qom-type=authz-list', 'id=a', ...rule)
    expect(JSON.parse(await qmp('qom-get', '{"path":"a","property":"rules"}'))).toEqual([
      { match: 'CN=a', policy: 'allow', format: 'glob' },
    ])
    const { stdout } = await runInProcess(['qmp', socket, 'query-version', '--json'])
    expect(resultOf(stdout)).toMatchObject({
      results: [{ command: 'query-version', return: { qemu: { major: 7 } } }],
      events: [],
    })
  })

  testWith(QEMU, 'a script ends with the first command that is refused', async () => {
    const socket = await start()
    const file = join(scratchFolder(), 'script')
    const lines = [
      '# a comment, and an empty line',
      '',
      `object-add qom-type=authz-list id='a'`,
      '{"execute": "object-del", "arguments": {"id": "a"}}',
      'object-del id=a',
      'quit',
    ]
    writeFileSync(file, `${lines.join('\n')}\n`)
    const { status, stdout, stderr } = await runInProcess(['qmp', socket, '--file', file])
    expect(status).toBe(EXIT.answerIsNo)
    expect(stdout).toBe('{}\n{}\n')
    expect(stderr).toContain("object-del: object 'a' not found")
  })

  testWith(QEMU, 'a name that is wrong is told with one that is right', async () => {
    const { status, stderr } = await runInProcess(['qmp', await start(), 'query-versoin'])
    expect(status).toBe(EXIT.answerIsNo)
    expect(stderr).toContain('query-version')
  })

  testWith(
    QEMU,
    'a key that is wrong is told with one that is right, also below another',
    async () => {
      const socket = await start()
      const WRONG = [
        [['block-export-add', 'type=nbd', 'id=e', 'nodename=n'], 'node-name'],
        [['nbd-server-start', 'addr.type=inet', 'addr.data.host=::', 'addr.data.prt=0'], 'port'],
        [['block-export-del', 'id=e', 'mod=hard'], 'mode'],
        [['{"execute": "object-del", "arguments": {"i": "x", "id": "a"}}'], 'id'],
      ] as const
      for (const [words, right] of WRONG) {
        const { status, stderr } = await runInProcess(['qmp', socket, ...words])
        expect([words, status]).toEqual([words, EXIT.answerIsNo])
        expect(stderr).toMatch(
          new RegExp(`is (unexpected|missing)\\nhint: did you mean ${right}[ ?,]`),
        )
      }
    },
  )

  testWith(QEMU, 'events are printed until the monitor ends', async () => {
    const socket = await start()
    const { status, stdout } = await runInProcess(['qmp', socket, '--events', 'quit'])
    expect(status).toBe(EXIT.done)
    expect(stdout).toContain('SHUTDOWN {"guest": false, "reason": "host-qmp-quit"}')
  })

  testWith(QEMU, 'commands, keys and values are completed', async () => {
    const path = await start()
    const client = await openMonitor({ kind: 'unix', path }, { timeout: 60_000 })
    const schema = await new CommandRunner(client, false).schema()
    const complete = (line: string) => completeLine(line, schema)[0]
    expect(complete('block-export-d')).toEqual(['block-export-del '])
    expect(complete('block-export-add wri')).toEqual(['writable=', 'writethrough='])
    expect(complete('block-export-del mode=')).toEqual(['mode=safe ', 'mode=hard '])
    expect(complete('nbd-server-start addr.ty')).toEqual(['addr.type='])
    expect(complete('no-such ')).toEqual([])
    client.close()
  })
})

testWith(
  QEMU,
  'the human monitor answers with text, its lines end as those of a terminal do',
  async () => {
    const socket = await startQemuAt(join(scratchFolder(), 'qemu.sock'))
    const { stdout } = await runInProcess(['qmp', socket, '--hmp', 'info', 'status'])
    expect(stdout).toMatch(/^VM status: paused.*\n$/)
    expect(stdout).not.toContain('·')
  },
)

test('a flag of a command of the human monitor is told to stand behind --', async () => {
  const { path } = await startMonitor()
  const { status, stderr } = await runInProcess(['qmp', path, '--hmp', 'info', 'block', '-n'])
  expect(status).toBe(EXIT.usage)
  const [, example = ''] = /^hint: .*: cryptopolicy (.*)$/m.exec(stderr) ?? []
  const words = example.split(' ').map((word) => (word === 'SOCKET' ? path : word))
  expect(await runInProcess(words)).toEqual({ status: EXIT.done, stdout: '', stderr: '' })
})

const WRONG_ARGUMENTS = [
  [['object-del', 'id'], 'no key=value'],
  [['object-del', '=x'], 'no key=value'],
  [['object-del', 'id=a', 'id=b'], 'twice'],
  [['object-del', 'id.a=1', 'id=b'], 'twice'],
  [['object-del', '{"id"'], 'no JSON object'],
  [['block-export-add', 'writable=maybe'], 'on or off'],
  [['nbd-server-start', 'max-connections=five'], 'an integer'],
] as const

test('arguments that cannot be read are refused before anything is sent', async () => {
  const { path } = await startMonitor()
  for (const [words, reason] of WRONG_ARGUMENTS) {
    const { status, stderr } = await runInProcess(['qmp', path, ...words])
    expect([words, status]).toEqual([words, EXIT.usage])
    expect(stderr).toContain(reason)
  }
})

/** A server that says something to each client. */
async function listenSaying(text: string): Promise<string> {
  const path = join(scratchFolder(), 'strange.sock')
  const server = createServer((socket) => {
    socket.on('error', () => {})
    if (text === '') return
    socket.end(text)
  }).listen(path)
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  return path
}

test('what is no monitor is told', async () => {
  const says = async (text: string, ...options: string[]) => {
    const path = await listenSaying(text)
    const { status, stderr } = await runInProcess(['qmp', path, 'quit', ...options])
    expect(status).toBe(EXIT.unavailable)
    return stderr
  }
  expect(await says('SSH-2.0-OpenSSH\r\n')).toContain('QMP_NOT_A_MONITOR')
  expect(await says('[1]\n')).toContain('QMP_NOT_A_MONITOR')
  expect(await says('{"QMP": {}}\n')).toContain('QMP_CLOSED')
  expect(await says('{"QMP": {"cap')).toContain('QMP_CLOSED')
  expect(await says('', '--timeout', '1')).toContain('QMP_SILENT')
  const { status } = await runInProcess(['qmp', '/nowhere/monitor.sock', 'quit'])
  expect(status).toBe(EXIT.unavailable)
})
