/** What goes to a terminal, and what to pipes and files. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { CLI_KINDS } from '../../src/cli/cli-diagnostics.ts'
import { OutputError, Terminal, type TerminalOptions } from '../../src/cli/terminal.ts'
import { diagnose } from '../../src/diagnostics/diagnostic.ts'
import { ENDPOINT_KINDS } from '../../src/endpoint/endpoint-diagnostics.ts'
import { readRecorded } from '../migration/recorded-streams.ts'
import { CaughtOutput, pretendTerminal } from './caught-output.ts'
import { scratchFolder, writeFiles } from './command.ts'
import { runInProcess, serveInProcess } from './in-process.ts'

beforeEach(() => {
  vi.stubEnv('NO_COLOR', undefined)
  vi.stubEnv('TERM', 'xterm')
  return () => vi.unstubAllEnvs()
})

/** What is written to standard output and to standard error. */
async function written(
  tell: (terminal: Terminal) => void,
  options: Partial<TerminalOptions> = {},
  output = new CaughtOutput(),
): Promise<readonly [string, string]> {
  await output.catching(async () => tell(new Terminal(options)))
  return [output.text(1), output.text(2)]
}

const ERROR = diagnose(CLI_KINDS.missingOption, { what: 'it is missing', hint: 'add it' })
const WARNING = diagnose(CLI_KINDS.nameUnchecked, { credentials: 'tls0', hostname: 'h' })
const ALWAYS = diagnose(ENDPOINT_KINDS.clearText, { address: '192.0.2.7:1' })

describe('colours', () => {
  const tell = (terminal: Terminal) => {
    terminal.printColored('worst', 'red')
    terminal.printChange('gnutls:')
    terminal.printChange('  cipher + A, - B')
    terminal.printChange('- C')
    terminal.report(ERROR)
    terminal.report(WARNING)
  }
  const plain = [
    'worst\ngnutls:\n  cipher + A, - B\n- C\n',
    'error[USAGE_MISSING_OPTION]: it is missing\nhint: add it\n',
  ] as const

  test('are shown on a terminal', async () => {
    pretendTerminal()
    const [stdout, stderr] = await written(tell)
    expect(stdout.split('\n')).toEqual([
      '\x1b[31mworst\x1b[39m',
      '\x1b[1mgnutls:\x1b[22m',
      '  cipher \x1b[32m+ A\x1b[39m, \x1b[31m- B\x1b[39m',
      '\x1b[1m- C\x1b[22m',
      '',
    ])
    expect(stderr).toContain('\x1b[31m\x1b[1merror[USAGE_MISSING_OPTION]\x1b[22m\x1b[39m')
    expect(stderr).toContain('\x1b[36mhint')
    expect(stderr).toContain('\x1b[33m\x1b[1mwarning[USAGE_NAME_UNCHECKED]\x1b[22m\x1b[39m')
  })

  test.each([
    ['NO_COLOR', '1'],
    ['TERM', 'dumb'],
  ])('are not shown where %s is %s', async (name, value) => {
    pretendTerminal()
    vi.stubEnv(name, value)
    const [stdout, stderr] = await written(tell)
    expect([stdout, stderr.slice(0, plain[1].length)]).toEqual(plain)
  })

  test('are not shown elsewhere', async () => {
    const [stdout, stderr] = await written(tell)
    expect([stdout, stderr.slice(0, plain[1].length)]).toEqual(plain)
  })
})

describe('a status line', () => {
  const tell = (terminal: Terminal) => {
    terminal.showStatus(`${'x'.repeat(90)}`)
    terminal.showStatus('a\x1bb')
    terminal.showStatus('')
  }

  test('is cut before the last column, and the next one is written over it', async () => {
    pretendTerminal()
    const lines = ['x'.repeat(79), 'a·b', ''].map((line) => `\r${line}\x1b[K`)
    expect(await written(tell)).toEqual(['', lines.join('')])
  })

  test('has 80 columns of a terminal that does not tell how many it has', async () => {
    pretendTerminal()
    process.stderr.columns = 0
    const [, stderr] = await written((terminal) => terminal.showStatus('x'.repeat(90)))
    expect(stderr).toBe(`\r${'x'.repeat(79)}\x1b[K`)
  })

  test('is for people at a terminal alone', async () => {
    expect(await written(tell)).toEqual(['', ''])
    pretendTerminal()
    expect(await written(tell, { quiet: true })).toEqual(['', ''])
    expect(await written(tell, { json: true })).toEqual(['', ''])
  })
})

describe('what is told', () => {
  const tell = (terminal: Terminal) => {
    terminal.note('remark')
    terminal.warn('line')
    for (const diagnostic of [WARNING, ALWAYS, ERROR]) terminal.report(diagnostic)
  }
  const toldTo = async (options: Partial<TerminalOptions>) => {
    const [stdout, stderr] = await written(tell, options)
    expect(stdout).toBe('')
    const lines = stderr.split('\n').filter((line) => !line.startsWith('hint: '))
    return lines.map((line) => /\[(\w+)\]/.exec(line)?.[1] ?? line)
  }
  const [warning, always, error] = [
    ...['USAGE_NAME_UNCHECKED', 'ENDPOINT_CLEAR_TEXT', 'USAGE_MISSING_OPTION'],
  ]

  test('is all there is', async () => {
    expect(await toldTo({})).toEqual(['remark', 'line', warning, always, error, ''])
  })

  test('are errors, and what is always told, where the rest is not asked for', async () => {
    expect(await toldTo({ quiet: true })).toEqual(['line', always, error, ''])
  })

  test('are no remarks beside a result as JSON', async () => {
    expect(await toldTo({ json: true })).toEqual(['line', warning, always, error, ''])
  })

  test('has no characters that a terminal obeys, but the line ends and tabs of a text', async () => {
    const [stdout, stderr] = await written((terminal) => {
      terminal.print('a\tb\nc')
      terminal.printText('a\tb\nc\x1b\n')
      terminal.warn('a\nb')
      terminal.warnText('a\n\tb\x1b')
    })
    expect([stdout, stderr]).toEqual(['a b·c\na\tb\nc·\n', 'a·b\na\n\tb·\n'])
  })
})

describe('the log of a service', () => {
  const tell = (terminal: Terminal) => terminal.warnText('a\nb')

  test('begins each line at the left of a terminal, which may be in raw mode', async () => {
    expect(await written(tell, { isService: true })).toEqual(['', 'a\nb\n'])
    pretendTerminal()
    expect(await written(tell, { isService: true })).toEqual(['', 'a\r\nb\r\n'])
    expect(await written(tell)).toEqual(['', 'a\nb\n'])
  })

  test.each(['EPIPE', 'EAGAIN', 'ENOSPC', 'EIO', 'EDQUOT', 'EFBIG'])(
    'may be lost: %s',
    async (code) => {
      expect(await written(tell, { isService: true }, new FailingOutput(code))).toEqual(['', ''])
    },
  )

  test('is not lost for another reason', async () => {
    const output = new FailingOutput('EBADF')
    await expect(written(tell, { isService: true }, output)).rejects.toThrow('EBADF')
  })
})

/** Fails so many times, and then takes a byte at once. */
class FailingOutput extends CaughtOutput {
  #failures: number
  readonly #code: string

  constructor(code: string, failures = 1) {
    super()
    this.#code = code
    this.#failures = failures
  }

  override write(descriptor: number, data: string | Uint8Array, offset = 0): number | undefined {
    if (this.#failures-- > 0) throw Object.assign(new Error(this.#code), { code: this.#code })
    const bytes = Buffer.from(data as Uint8Array)
    return super.write(descriptor, bytes.subarray(0, offset + 1), offset)
  }
}

describe('output', () => {
  const print = (terminal: Terminal) => terminal.print('result')

  test('waits for a reader that is slow, and is written to its end', async () => {
    expect(await written(print, {}, new FailingOutput('EAGAIN', 2))).toEqual(['result\n', ''])
  })

  test('ends the run as a broken pipe does where the reader of the result has left', async () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => {
      throw new Error('ended')
    })
    onTestFinished(() => exit.mockRestore())
    await expect(written(print, {}, new FailingOutput('EPIPE'))).rejects.toThrow('ended')
    // 128 and SIGPIPE, as a shell tells it.
    expect(exit).toHaveBeenCalledExactlyOnceWith(141)
  })

  test('goes on where nothing reads its remarks', async () => {
    const tell = (terminal: Terminal) => {
      terminal.warn('remark')
      terminal.print('result')
    }
    expect(await written(tell, {}, new FailingOutput('EPIPE'))).toEqual(['result\n', ''])
  })

  test('that cannot be written is an error', async () => {
    const failing = written(print, {}, new FailingOutput('ENOSPC'))
    await expect(failing).rejects.toThrow(new OutputError(1, 'ENOSPC'))
  })
})

/** What takes away the rest of a line. */
const CLEARED = '\x1b[K'

/** Each state of the line as it was shown, and what stood on lines of their own between them. */
function statesOf(stderr: string): readonly string[] {
  return stderr
    .replaceAll(CLEARED, '\r')
    .split('\r')
    .filter((part, at) => part !== '' || at % 2 === 1)
}

describe('the status line of a command says how far it is, and is gone in the end:', () => {
  beforeEach(pretendTerminal)

  test('nbd copy', async () => {
    const folder = scratchFolder()
    writeFiles(folder, { disk: Buffer.alloc(1 << 20, 1) })
    const { stderr } = await runInProcess(['nbd', 'copy', join(folder, 'disk'), join(folder, 'to')])
    const states = statesOf(stderr)
    expect(states.at(-3)).toMatch(/^copy \[#{20}\] 100% {2}1 MiB of 1 MiB/)
    expect(states.at(-2)).toBe('')
    expect(states.at(-1)).toMatch(/^1 MiB copied in \d+\.\d s \(.*\/s\); 1 MiB of data/)
  })

  test('migrate send, and receive', async () => {
    const folder = scratchFolder()
    const stream = readRecorded('exec-11-pc-q35-11.1-S.bin.gz')
    writeFiles(folder, { guest: stream })
    const place = `unix:${join(folder, 'socket')}`
    const words = ['migrate', 'receive', '--listen', place, join(folder, 'received')]
    const receiver = await serveInProcess(words)
    const sent = ['migrate', 'send', '--input', join(folder, 'guest'), '--to', place]
    const { status, stderr } = await runInProcess(sent)
    expect(status).toBe(0)
    const states = statesOf(stderr)
    expect(states[0]).toBe('checking the stored migration')
    expect(states.at(-3)).toMatch(/^send \[#{5}\] 100% {2}.* pages {2}pass 1\/1$/)
    expect(states.at(-2)).toBe('')
    expect(states.at(-1)).toMatch(/ sent in \d+\.\d s \(.*\/s\); no answer was asked for\n$/)
    const received = (await receiver.ended).stderr
    const [ready = '', ...lines] = received.split('\r\n').slice(0, -1)
    expect(ready).toMatch(/^ready: /)
    expect(lines).not.toEqual([])
    expect(lines.filter((line) => !line.startsWith(`\r${CLEARED}`))).toEqual([])
  })

  test('audit', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).end()).listen(0)
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const target = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const states = statesOf((await runInProcess(['audit', target])).stderr)
    expect(states.at(-1)).toBe('')
    const told = states.filter((state) => state !== '')
    expect(new Set(told.map((state) => state.replace(/\d+ c/, 'c')))).toEqual(
      new Set([`${target}: connections`]),
    )
  })
})
