/** Values of options as they are read, and words of results as they are printed. */
import { Command } from 'commander'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { printAnswer, row, wrap } from '../../src/cli/audit-lines.ts'
import { formatSize } from '../../src/cli/byte-size.ts'
import { withChardevOptions } from '../../src/cli/chardev-options.ts'
import { exitStatusOf } from '../../src/cli/exit-codes.ts'
import { parseChannels, parseListening, parsePeer } from '../../src/cli/migration-peers.ts'
import { parseMonitorPlace } from '../../src/cli/monitor-place.ts'
import { readTargets } from '../../src/cli/nbd-targets.ts'
import {
  parseCount,
  parseInputFile,
  parseNumber,
  parsePort,
  parseSize,
  parseSocketMode,
  several,
} from '../../src/cli/option-values.ts'
import { checkPeerOptions, type PeerOptions } from '../../src/cli/preflight-options.ts'
import { describeProgress, formatDuration, ProgressBar } from '../../src/cli/progress-bar.ts'
import {
  handlingOf,
  parseFormat,
  tellIgnored,
  withQemuNbdOptions,
  withRefusedOptions,
} from '../../src/cli/qemu-nbd-options.ts'
import { ReceiveStatus } from '../../src/cli/receive-status.ts'
import { referenceLines, renameProgram } from '../../src/cli/reference-lines.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import { credentialsOfUri } from '../../src/cli/uri-credentials.ts'
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts'
import type { ReceptionProgress } from '../../src/migration/receive/reception.ts'
import { parseNbdUri } from '../../src/nbd/client/nbd-uri.ts'
import { refusal } from '../diagnostic-code.ts'
import { runInProcess } from './in-process.ts'

/** What a function gives for a text, or `refused`. */
const read = (parse: (text: string) => unknown, text: string): unknown => {
  try {
    return parse(text)
  } catch {
    return 'refused'
  }
}

describe('values of options', () => {
  test.each<[string, (text: string) => unknown, Readonly<Record<string, unknown>>]>([
    [
      'a count',
      parseCount,
      {
        1: 1,
        999999999: 999_999_999,
        0: 'refused',
        1000000000: 'refused',
        '-1': 'refused',
        '1x': 'refused',
        ' 1': 'refused',
        '': 'refused',
      },
    ],
    [
      'a number',
      parseNumber,
      { 0: 0, 999999999: 999_999_999, 1000000000: 'refused', '1.5': 'refused', '': 'refused' },
    ],
    [
      'a port',
      parsePort,
      {
        0: 0,
        65535: 65_535,
        65536: 'refused',
        99999: 'refused',
        '1x': 'refused',
        '': 'refused',
        100000: 'refused',
      },
    ],
    ['a size', parseSize, { 0: 0, '1k': 1024, '3M': 3 * 2 ** 20, x: 'refused' }],
    [
      'a mode',
      parseSocketMode,
      { '0660': 0o660, 777: 0o777, 8: 'refused', '1777': 'refused', '': 'refused' },
    ],
    ['a file', parseInputFile, { '-': '/dev/stdin', './-': './-', a: 'a' }],
    [
      'channels',
      parseChannels,
      {
        '1,2,64': [1, 2, 64],
        0: 'refused',
        65: 'refused',
        '1.5': 'refused',
        '1,': 'refused',
        '0x2': 'refused',
        '1e1': 'refused',
        ' 2': 'refused',
        '+2': 'refused',
        x: 'refused',
      },
    ],
  ])('%s', (_, parse, values) => {
    for (const [text, value] of Object.entries(values))
      expect([text, read(parse, text)]).toEqual([text, value])
  })

  test.each<[string, unknown, unknown]>([
    ['h:1', { host: 'h', port: 1 }, { host: 'h', port: 1 }],
    ['tcp:h:1', { host: 'h', port: 1 }, { host: 'h', port: 1 }],
    ['[2001:db8::7]:2', { host: '2001:db8::7', port: 2 }, { host: '2001:db8::7', port: 2 }],
    ['5', 'refused', { port: 5 }],
    [':5', 'refused', { port: 5 }],
    ['h', 'refused', 'refused'],
    ['u@h:1', 'refused', 'refused'],
  ])('the place %s of a peer', (text, peer, listening) => {
    expect([read(parsePeer, text), read(parseListening, text)]).toEqual([peer, listening])
  })

  test('a star listens at every address', () => {
    const texts = ['*:5', 'tcp:*:65535', '*:65536', '*5', 'tcp:*5']
    const places = texts.map((text) => read(parseListening, text))
    expect(places).toEqual([{ port: 5 }, { port: 65_535 }, 'refused', 'refused', 'refused'])
  })

  test.each<[string, unknown]>([
    ['/run/a', { kind: 'unix', path: '/run/a' }],
    ['unix:a', { kind: 'unix', path: 'a' }],
    ['tcp:h:1', { kind: 'tcp', host: 'h', port: 1 }],
    ['tcp:[::1]:65535', { kind: 'tcp', host: '::1', port: 65_535 }],
    ['tcp:h:0', 'refused'],
    ['tcp:h:65536', 'refused'],
    ['tcp:h', 'refused'],
    ['tcp::1', 'refused'],
    ['tcp:::1:1', 'refused'],
  ])('the place %s of a monitor', (text, place) => {
    expect(read(parseMonitorPlace, text)).toEqual(place)
  })

  test('an option may be repeated', () => {
    const read = several(parseCount)
    expect(read('2', read('1'))).toEqual([1, 2])
  })

  test.each<[string, unknown]>([
    ['^]', 0x1d],
    ['^a', 1],
    ['^A', 1],
    ['^@', 0],
    ['^_', 0x1f],
    ['none', 'none'],
    ['a', 'refused'],
    ['^', 'refused'],
    ['^`', 'refused'],
    ['^1', 'refused'],
    ['^ab', 'refused'],
  ])('the key %s', (text, key) => {
    const command = withChardevOptions(new Command('listen')).exitOverride()
    command.configureOutput({ outputError: () => {} })
    const parse = () =>
      command.parse(['--chardev', 'x', '--escape', text], { from: 'user' }).opts().escape
    expect(read(parse, '')).toEqual(key)
  })

  test.each<[Partial<PeerOptions> & Record<string, unknown>, RegExp | undefined]>([
    [{ to: { host: 'h', port: 1 } }, undefined],
    [{ listen: { port: 1 } }, undefined],
    [{ to: { host: 'h', port: 1 }, listen: { port: 1 } }, /--to.*--listen/],
    [{ listen: { port: 1 }, json: true }, /--listen.*--json; see --log json/],
    [{ listen: { port: 1 }, connect: true }, /--listen.*--connect/],
    [{ to: { host: 'h', port: 1 }, connect: true, json: true }, undefined],
    [{ to: { host: 'h', port: 1 }, tlsAuthz: 'a', tlsCreds: 'c' }, /--to.*--tls-authz/],
    [{ listen: { port: 1 }, tlsAuthz: 'a', tlsCreds: 'c' }, undefined],
    [{ listen: { port: 1 }, tlsAuthz: 'a' }, /--tls-authz needs TLS/],
    [{ to: { host: 'h', port: 1 }, once: true }, /--to.*--once/],
    [{ listen: { port: 1 }, once: true }, undefined],
  ])('%j of a preflight', (options, refused) => {
    const check = () => checkPeerOptions(options as PeerOptions)
    if (refused) expect(check).toThrow(refused)
    else expect(check).not.toThrow()
  })
})

describe('targets of NBD', () => {
  const targets = (...words: string[]) => readTargets(words, ['SOURCE', 'DESTINATION'], 'copy A B')

  test('are words, or commands in brackets', () => {
    expect(targets('a', 'b')).toEqual(['a', 'b'])
    expect(targets('[', 'nbdkit', 'memory', ']', 'b')).toEqual([['nbdkit', 'memory'], 'b'])
  })

  test.each<[readonly string[], string]>([
    [[], 'USAGE_MISSING_ARGUMENT'],
    [['a'], 'USAGE_MISSING_ARGUMENT'],
    [['a', 'b', 'c'], 'USAGE_EXCESS_ARGUMENTS'],
    [['a', '[', 'b'], 'NBD_COMMAND_INVALID'],
  ])('%j are refused', (words, code) => {
    expect(() => targets(...words)).toThrow(refusal(code))
  })
})

test('options behind the targets of NBD are told where they belong', () => {
  const hinting = (hint: unknown) =>
    expect.objectContaining({ diagnostics: [expect.objectContaining({ hint })] })
  const targets = (...words: string[]) => readTargets(words, ['SOURCE', 'DESTINATION'], 'copy A B')
  expect(() => targets('a', '[', 'b', ']', '--json')).toThrow(
    hinting('--json: options stand before --'),
  )
  expect(() => targets('a', '-', 'c')).toThrow(
    hinting(expect.stringMatching(/^a command that serves stands/)),
  )
})

describe('options of qemu-nbd', () => {
  const parse = (...args: string[]) => {
    const command = withRefusedOptions(withQemuNbdOptions(new Command('serve'))).exitOverride()
    command.configureOutput({ outputError: () => {} })
    return command.parse(args, { from: 'user' }).opts()
  }

  test('say how storage is handled', () => {
    expect(handlingOf(parse())).toEqual({
      cache: 'writeback',
      discard: 'unmap',
      detectZeroes: 'off',
    })
    const all = ['--cache', 'writethrough', '--discard', 'ignore', '--detect-zeroes', 'unmap']
    expect(handlingOf(parse(...all))).toEqual({
      ...{ cache: 'writethrough', discard: 'ignore', detectZeroes: 'unmap' },
    })
    expect(handlingOf(parse('--discard', 'off'))).toMatchObject({ discard: 'ignore' })
    expect(handlingOf(parse('--discard', 'on'))).toMatchObject({ discard: 'unmap' })
    expect(handlingOf(parse('--cache', 'unsafe'))).toMatchObject({ cache: 'writeback' })
  })

  test.each([
    ...[['-n'], ['-c', '/dev/nbd0'], ['-d', '/dev/nbd0'], ['-L'], ['-s'], ['-l', 'x'], ['-A']],
    ...[['-B', 'x'], ['-P', '1'], ['--image-opts'], ['--selinux-label', 'x']],
    ...[
      ['--cache', 'none'],
      ['--cache', 'directsync'],
    ],
  ])('%s is answered with what does it here', (...args) => {
    expect(() => parse(...args)).toThrow(refusal('USAGE_ONLY_QEMU_NBD'))
  })

  test.each<[string, readonly string[]]>([
    ['--aio', ['threads', 'native', 'io_uring']],
    ['--discard', ['unmap', 'ignore', 'on', 'off']],
    ['--detect-zeroes', ['off', 'on', 'unmap']],
  ])('%s takes the modes of qemu-nbd, and no other', (option, modes) => {
    for (const mode of modes) expect(Object.values(parse(option, mode))).toEqual([mode])
    expect(() => parse(option, 'x')).toThrow('Allowed choices are')
  })

  test('an unknown mode is refused, and a format that is not raw', () => {
    expect(() => parse('--cache', 'x')).toThrow('known are writeback, writethrough and unsafe')
    expect(parseFormat('raw')).toBe('raw')
    expect(() => parseFormat('qcow2')).toThrow(refusal('USAGE_ONLY_QEMU_NBD'))
  })

  test('that change nothing are told', () => {
    const told = (options: object) => {
      const lines: string[] = []
      const terminal = { note: (line: string) => lines.push(line) } as unknown as Terminal
      tellIgnored(options, terminal)
      return lines.map((line) => line.split(':')[0])
    }
    expect(told({})).toEqual([])
    expect(told({ cache: 'writeback', aio: 'threads' })).toEqual([])
    expect(told({ cache: 'unsafe', aio: 'native', trace: 'x' })).toEqual([
      ...['--cache unsafe', '--aio native', '--trace'],
    ])
    expect(told({ aio: 'io_uring' })).toEqual(['--aio io_uring'])
  })
})

describe('what an NBD URI says of TLS', () => {
  const described = (text: string) => {
    const object = credentialsOfUri(parseNbdUri(text))
    if (object === undefined) return undefined
    const { id: _, endpoint, ...rest } = JSON.parse(object)
    expect(endpoint).toBe('client')
    return rest
  }

  test.each<[string, object | undefined]>([
    ['nbds://h/', undefined],
    ['nbds://h/?tls-certificates=/a', { 'qom-type': 'tls-creds-x509', dir: '/a' }],
    ['nbds://h/?tls-certificates=/a&tls-verify-peer=false', { dir: '/a', 'verify-peer': false }],
    [
      'nbds://alice@h/?tls-psk-file=/a/keys.psk',
      { 'qom-type': 'tls-creds-psk', dir: '/a', username: 'alice' },
    ],
    ['nbds://alice@h/?tls-psk-file=/a/other', { dir: '/a', 'x-file': 'other' }],
    [
      'nbds://alice@h/?tls-psk-file=/a/b&tls-certificates=/c',
      { 'qom-type': 'tls-creds-psk', dir: '/a' },
    ],
    ['nbds://h/?tls-type=anon', { 'qom-type': 'tls-creds-anon' }],
    [
      'nbds://alice@h/?tls-type=x509&tls-psk-file=/a/b&tls-certificates=/c',
      { 'qom-type': 'tls-creds-x509', dir: '/c' },
    ],
  ])('%s', (text, object) => {
    if (object === undefined) expect(described(text)).toBeUndefined()
    else expect(described(text)).toMatchObject(object)
  })

  test('a type of shared keys needs its file', () => {
    expect(() => described('nbds://alice@h/?tls-type=psk')).toThrow(refusal('USAGE_MISSING_OPTION'))
  })
})

describe('words', () => {
  test.each([
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [10 * 1024 + 512, '11 KiB'],
    [1024 ** 2 - 1, '1024 KiB'],
    [1024 ** 2, '1 MiB'],
    [1.5 * 1024 ** 3, '1.5 GiB'],
    [2 * 1024 ** 4, '2 TiB'],
    [5000 * 1024 ** 5, '5000 PiB'],
  ])('%d is %s', (bytes, text) => expect(formatSize(bytes)).toBe(text))

  test.each([
    [0, '0 s'],
    [0.2, '1 s'],
    [59, '59 s'],
    [59.5, '1 min 0 s'],
    [200, '3 min 20 s'],
    [3599, '59 min 59 s'],
    [3600, '1 h 0 min'],
    [7500, '2 h 5 min'],
  ])('%d seconds are %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text))

  test.each([
    [0, 10, 0, 10, '[----------]   0%  0 bytes of 10 bytes'],
    [5, 10, 2, 10, '[#####-----]  50%  5 bytes of 10 bytes  2 bytes/s  3 s left'],
    [10, 10, 2, 10, '[##########] 100%  10 bytes of 10 bytes  2 bytes/s'],
    [0, 0, 0, 4, '[####] 100%  0 bytes of 0 bytes'],
    [9, 10, 0, 4, '[###-]  90%  9 bytes of 10 bytes'],
  ])('%d of %d at %d', (done, total, rate, width, text) => {
    expect(describeProgress(done, total, rate, width)).toBe(text)
    expect(describeProgress(done, total, rate)).toHaveLength(text.length - width + 20)
  })

  test('a bar is shown five times a second, with the rate of the last seconds', () => {
    const shown: string[] = []
    let now = 0
    const terminal = { showStatus: (line: string) => shown.push(line) } as unknown as Terminal
    const bar = new ProgressBar(terminal, () => now)
    const update = (at: number, done: number) => {
      now = at
      bar.update('copy', done, 10_000, () => ['more'])
    }
    update(0, 0)
    update(199, 100)
    expect(shown).toEqual(['copy [-----]   0%  0 bytes of 9.8 KiB  more'])
    update(200, 200)
    expect(shown.at(-1)).toContain('1000 bytes/s')
    // The first samples are older than five seconds then.
    update(5100, 300)
    update(5300, 360)
    expect(shown.at(-1)).toContain('300 bytes/s')
    // It began again: nothing of before counts.
    update(6000, 100)
    expect(shown.at(-1)).not.toContain('/s')
    update(6200, 500)
    expect(shown.at(-1)).toContain('2.0 KiB/s')
    update(6201, 10_000)
    expect(shown.at(-1)).toContain('100%')
    bar.end()
    expect(shown.at(-1)).toBe('')
  })

  test('of a guest that is received how much came, and how fast since the last line', () => {
    const shown: string[] = []
    let now = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
    onTestFinished(() => clock.mockRestore())
    const terminal = { showStatus: (line: string) => shown.push(line) } as unknown as Terminal
    const status = new ReceiveStatus(terminal)
    const update = (at: number, bytes: number) => {
      now = at
      status.update({ bytes, pages: 3, passes: 1 } as ReceptionProgress)
    }
    expect(status.seconds).toBe(0)
    update(1000, 10)
    update(1199, 100)
    expect([shown, status.seconds]).toEqual([[], 0.199])
    update(1200, 1024)
    update(1700, 2048)
    expect(shown).toEqual(['1 KiB  5 KiB/s  3 pages  pass 1', '2 KiB  2 KiB/s  3 pages  pass 1'])
    now = 9000
    status.end()
    expect([shown.at(-1), status.seconds]).toEqual(['', 0.7])
  })

  test('a bar that is full at once tells no rate', () => {
    const shown: string[] = []
    const terminal = { showStatus: (line: string) => shown.push(line) } as unknown as Terminal
    const bar = new ProgressBar(terminal, () => 5)
    bar.update('copy', 0, 10)
    bar.update('copy', 10, 10)
    expect(shown.at(-1)).toBe('copy [####################] 100%  10 bytes of 10 bytes')
  })

  test('an answer is told in words', () => {
    const answers = [
      { answer: 'accepted' },
      { answer: 'not-offered' },
      { answer: 'timed-out' },
      { answer: 'refused', name: 'handshake_failure' },
      { answer: 'refused', name: null },
      { answer: 'unknown', because: 'no suite' },
    ] as const
    expect(answers.map((answer) => printAnswer(answer as never))).toEqual([
      ...['accepted', 'not offered', 'timed out'],
      ...['refused (handshake_failure)', 'refused (closed)', 'unknown: no suite'],
    ])
    expect(row('a', 'b')).toBe(`  a${' '.repeat(22)}b`)
  })

  test('long lines are cut at spaces, or where there are none', () => {
    const words = (count: number) => Array(count).fill('abcdefghi').join(' ')
    expect(wrap(words(8))).toEqual([words(8)])
    expect(wrap('x'.repeat(80))).toEqual(['x'.repeat(80)])
    expect(wrap(words(10))).toEqual([words(8), `      ${words(2)}`])
    expect(wrap(words(10), 2)).toEqual([words(8), `  ${words(2)}`])
    expect(wrap('x'.repeat(100))).toEqual(['x'.repeat(80), `      ${'x'.repeat(20)}`])
    expect(wrap(`  ${'x'.repeat(100)}`)).toEqual([`  ${'x'.repeat(78)}`, `      ${'x'.repeat(22)}`])
    expect(wrap(`${words(17)}  `).every((line) => line.length <= 80)).toBe(true)
  })
})

describe('lines of update-crypto-policies', () => {
  const told = (severity: string, text: string, kind?: string) =>
    ({
      severity,
      code: 'X',
      message: 'm',
      reference: kind ? { text, kind } : { text },
    }) as unknown as Diagnostic

  test.each<[string, readonly Diagnostic[], readonly string[]]>([
    ['nothing', [], []],
    [
      'what the reference does not tell',
      [{ severity: 'error', code: 'X', message: 'm' } as Diagnostic],
      [],
    ],
    [
      'a warning',
      [told('warning', 'unknown value', 'PolicyWarning')],
      ['PolicyWarning: Unknown value'],
    ],
    ['lines', [told('warning', 'one\ntwo')], ['one', 'two']],
    [
      'an error of a policy',
      [told('warning', 'w', 'A'), told('error', 'first', 'B'), told('error', 'second', 'C')],
      ['A: W', 'B: First', 'C: Second', 'Errors found in policy, first one:  ', 'first'],
    ],
    ['an error that ends it', [told('error', 'bad', 'B'), told('error', 'no file')], ['no file']],
  ])('%s', (_, diagnostics, lines) => {
    expect(referenceLines(diagnostics)).toEqual(lines)
  })

  test('a diagnostic calls the program by its name', () => {
    const diagnostic = {
      message: 'run update-policies, not my-update-policiesx',
      hint: 'update-policies --set',
    }
    expect(renameProgram(diagnostic as never, 'ucp')).toEqual({
      ...{ message: 'run ucp, not my-update-policiesx', hint: 'ucp --set' },
    })
    expect(renameProgram({ message: 'm' } as never, 'ucp')).toEqual({ message: 'm' })
  })
})

test.each([
  [[], 0],
  [[['warning', 'input']], 0],
  [[['error', 'answer']], 1],
  [[['error', 'usage']], 64],
  [[['error', 'input']], 65],
  [
    [
      ['warning', 'usage'],
      ['error', 'missing'],
      ['error', 'usage'],
    ],
    66,
  ],
  [[['error', 'unavailable']], 69],
  [[['error', 'write']], 73],
  [[['error', 'permission']], 77],
])('the status of %j is %d, after sysexits.h', (diagnostics, status) => {
  const each = diagnostics.map(([severity, fault]) => ({ severity, fault }))
  expect(exitStatusOf(each as unknown as Diagnostic[])).toBe(status)
})

describe('diff', () => {
  const diff = (...args: readonly string[]) => runInProcess(['diff', 'DEFAULT', ...args])

  test('remarks are for people that did not ask for silence', async () => {
    expect((await diff('DEFAULT')).stderr).toBe('DEFAULT and DEFAULT mean the same\n')
    expect((await diff('DEFAULT', '--quiet')).stderr).toBe('')
    expect((await diff('DEFAULT', '--json')).stderr).toBe('')
  })

  test('names the lines behind a change where it is asked to', async () => {
    expect((await diff('FUTURE')).stdout).not.toMatch(/\.pol:\d/)
    expect((await diff('FUTURE', '--causes')).stdout).toMatch(/FUTURE\.pol:\d/)
  })
})
