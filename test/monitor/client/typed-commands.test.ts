/** What users of `qmp` write: words, arguments by the schema of a monitor, completion; and monitors that are none. */
import { duplexPair } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import { readArguments, readJsonObject } from '../../../src/monitor/client/argument-words.ts'
import { requireJsonObject } from '../../../src/monitor/client/client-arguments.ts'
import { CommandRunner } from '../../../src/monitor/client/command-runner.ts'
import { splitWords } from '../../../src/monitor/client/command-words.ts'
import { completeLine } from '../../../src/monitor/client/completion.ts'
import { printPretty } from '../../../src/monitor/client/pretty-json.ts'
import { QmpClient } from '../../../src/monitor/client/qmp-client.ts'
import type { QmpEvent } from '../../../src/monitor/client/qmp-event.ts'
import { SchemaIndex } from '../../../src/monitor/client/schema-index.ts'

/** What a step gives, or the code and the message of its refusal. */
function outcome(step: () => unknown): unknown {
  try {
    return step()
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return error.diagnostics.map(({ code, message }) => `${code} ${message}`).join()
  }
}

const LINES: readonly (readonly [string, readonly string[]])[] = [
  ['', []],
  ['  ', []],
  ['# all', []],
  ['a b', ['a', 'b']],
  ['  a \t b  ', ['a', 'b']],
  ['a # rest', ['a']],
  ['a#b', ['a#b']],
  ["a 'b c' d", ['a', 'b c', 'd']],
  ["k='b \"c'x", ['k=b "cx']],
  ['k="b \\" \\\\ \\n"', ['k=b " \\ \\n']],
  ['""', ['']],
  ['a {"b": 1} # c', ['a', '{"b": 1} # c']],
  ['a [1, 2] b', ['a', '[1, 2] b']],
]

test('a line is split into words as by a shell', () => {
  for (const [line, words] of LINES) expect([line, splitWords(line)]).toEqual([line, words])
  for (const line of ["a 'b", 'a "b', 'a b"c', 'a "b\\"', `a 'b'"`]) {
    const told = String(outcome(() => splitWords(line)))
    expect([line, told]).toEqual([line, expect.stringMatching(/^QMP_BAD_ARGUMENT .*quote/)])
  }
})

test('one object is read, and nothing beside it', () => {
  const read = (text: string) => outcome(() => readJsonObject(text, 'it'))
  expect(read(' {"a": 1} ')).toEqual({ a: 1n })
  for (const text of ['', '1', '[{}]', '{} {}', '{} x', 'x {}', '{', '{}}']) {
    expect([text, read(text)]).toEqual([text, expect.stringMatching(/^QMP_BAD_ARGUMENT .*no JSON/)])
  }
})

/** A part of what QEMU tells. */
const SCHEMA = new SchemaIndex([
  { name: 'run', 'meta-type': 'command', 'arg-type': '1', 'ret-type': '0' },
  { name: 'rest', 'meta-type': 'command', 'arg-type': '0', 'ret-type': '0' },
  { name: 'run', 'meta-type': 'event', 'arg-type': '0' },
  { name: '0', 'meta-type': 'object', members: [] },
  {
    ...{ name: '1', 'meta-type': 'object', tag: 'kind' },
    members: [
      { name: 'kind', type: '2' },
      { name: 'text', type: 'str' },
      { name: 'flag', default: null, type: 'bool' },
      { name: 'count', type: 'int' },
      { name: 'ratio', type: 'number' },
      { name: 'more', type: '5' },
      { name: 'list', type: '[3]' },
      { name: 'names', type: '[str]' },
      { name: 'either', type: '4' },
      { name: 'named', type: '9' },
      { name: 'rough', type: '6' },
      { name: 'round', type: '7' },
      { name: 'lost', type: 'nosuch' },
    ],
    variants: [
      { case: 'line', type: '8' },
      { case: 'dot', type: '0' },
      { case: 'lost', type: 'nosuch' },
    ],
  },
  { name: '2', 'meta-type': 'enum', values: ['line', 'dot'] },
  { name: '3', 'meta-type': 'object', members: [{ name: 'on', type: 'bool' }] },
  {
    name: '4',
    'meta-type': 'alternate',
    members: [{ type: 'str' }, { type: '3' }, { type: 'null' }],
  },
  { name: '5', 'meta-type': 'object', members: [{ name: 'deep', type: '3' }] },
  { name: '6', 'meta-type': 'alternate', members: [{ type: 'int' }, { type: 'bool' }] },
  { name: '7', 'meta-type': 'alternate', members: [{ type: '7' }] },
  { name: '9', 'meta-type': 'alternate', members: [{ type: 'str' }, { type: 'null' }] },
  { name: '8', 'meta-type': 'object', members: [{ name: 'length', type: 'int' }] },
  { name: '[3]', 'meta-type': 'array', 'element-type': '3' },
  { name: '[str]', 'meta-type': 'array', 'element-type': 'str' },
  { name: 'str', 'meta-type': 'builtin', 'json-type': 'string' },
  { name: 'bool', 'meta-type': 'builtin', 'json-type': 'boolean' },
  { name: 'int', 'meta-type': 'builtin', 'json-type': 'int' },
  { name: 'number', 'meta-type': 'builtin', 'json-type': 'number' },
  { name: 'null', 'meta-type': 'builtin', 'json-type': 'null' },
  'what is not understood',
])

const read = (words: readonly string[], schema: SchemaIndex | undefined = SCHEMA) =>
  outcome(() => readArguments('run', words, schema))

const ARGUMENTS: readonly (readonly [readonly string[], unknown])[] = [
  [[], {}],
  [['text=5'], { text: '5' }],
  [['text=a=b'], { text: 'a=b' }],
  [['text='], { text: '' }],
  [['count=5'], { count: 5n }],
  [['count=-18446744073709551615'], { count: -18_446_744_073_709_551_615n }],
  [['flag=on'], { flag: true }],
  [['flag=yes'], { flag: true }],
  [['flag=true'], { flag: true }],
  [['flag=off'], { flag: false }],
  [['flag=no'], { flag: false }],
  [['flag=false'], { flag: false }],
  [['ratio=1.5'], { ratio: 1.5 }],
  [['kind=line', 'length=7'], { kind: 'line', length: 7n }],
  [['length=7', 'kind=line'], { length: 7n, kind: 'line' }],
  [['more.deep.on=off'], { more: { deep: { on: false } } }],
  [['list.0.on=on', 'list.1.on=off'], { list: [{ on: true }, { on: false }] }],
  [['names.0=5', 'names.1=b'], { names: ['5', 'b'] }],
  [['either=null'], { either: null }],
  [['either=7'], { either: '7' }],
  [['either={"on": true}'], { either: { on: true } }],
  [['named={"on": true}'], { named: '{"on": true}' }],
  [['named=null'], { named: null }],
  [['either.on=off'], { either: { on: false } }],
  [['rough=7'], { rough: 7n }],
  [['rough=true'], { rough: true }],
  [['lost=7'], { lost: 7n }],
  [['round=7'], { round: 7n }],
  [['kind=lost', 'length=7'], { kind: 'lost', length: 7n }],
  [['unknown=7'], { unknown: 7n }],
  [['unknown={"a": [1]}'], { unknown: { a: [1n] } }],
  [['unknown=x'], { unknown: 'x' }],
  [['unknown=1 2'], { unknown: '1 2' }],
  [[' {"text": 5}'], { text: 5n }],
  [['count=5x'], 'QMP_BAD_ARGUMENT count: it takes an integer'],
  [['count=123456789012345678901'], 'QMP_BAD_ARGUMENT count: it takes an integer'],
  [['flag=maybe'], 'QMP_BAD_ARGUMENT flag: it takes on or off'],
  [['flag=toString'], 'QMP_BAD_ARGUMENT flag: it takes on or off'],
  [['word'], 'QMP_BAD_ARGUMENT argument 1 of run: it is no key=value'],
  [['text=a', '=b'], 'QMP_BAD_ARGUMENT argument 2 of run: it is no key=value'],
  [['text=a', 'text=b'], 'QMP_BAD_ARGUMENT argument 2 of run: the key is given twice, or is empty'],
  [['more.=b'], 'QMP_BAD_ARGUMENT argument 1 of run: the key is given twice, or is empty'],
  [['.on=b'], 'QMP_BAD_ARGUMENT argument 1 of run: the key has a value already'],
  [['more=a', 'more.deep=b'], 'QMP_BAD_ARGUMENT argument 2 of run: the key has a value already'],
  [['{"text"'], 'QMP_BAD_ARGUMENT the argument of run: it is no JSON object'],
  [['{} {}'], 'QMP_BAD_ARGUMENT the argument of run: it is no JSON object'],
]

for (const [words, expected] of ARGUMENTS) {
  test(`reads the arguments ${words.join(' ')}`, () => {
    const result = read(words)
    if (typeof expected === 'string') expect(result).toBe(expected)
    else expect(result).toEqual(expected)
  })
}

test('without a schema a value is the JSON that it is, or a text', () => {
  const told = outcome(() => readArguments('run', ['count=5', 'text=x', 'more.a=true'], undefined))
  expect(told).toEqual({ count: 5n, text: 'x', more: { a: true } })
})

const COMPLETIONS: readonly (readonly [string, readonly string[], string])[] = [
  ['', ['rest ', 'run '], ''],
  ['ru', ['run '], 'ru'],
  ['run te', ['text='], 'te'],
  ['run kind=', ['kind=line ', 'kind=dot '], 'kind='],
  ['run kind=d', ['kind=dot '], 'kind=d'],
  ['run more.', ['more.deep='], 'more.'],
  ['run more.deep.', ['more.deep.on='], 'more.deep.'],
  ['run text.', [], 'text.'],
  ['run le', ['length='], 'le'],
  ['run lost.', [], 'lost.'],
  ['rest ', [], ''],
  ['nosuch x', [], 'x'],
]

test('a line is completed by what the monitor says', () => {
  for (const [line, candidates, word] of COMPLETIONS) {
    expect([line, ...completeLine(line, SCHEMA)]).toEqual([line, candidates, word])
  }
  expect(completeLine('run', undefined)).toEqual([[], 'run'])
})

test('results stand on one line up to 76 characters, and over several beyond', () => {
  expect(printPretty({ a: 'x'.repeat(67) })).toBe(`{"a": "${'x'.repeat(67)}"}`)
  expect(printPretty({ a: 'x'.repeat(68) })).toBe(`{\n  "a": "${'x'.repeat(68)}"\n}`)
  const row = 'y'.repeat(64)
  expect(printPretty([[row], { b: [row, 1n] }])).toBe(
    `[\n  ["${row}"],\n  {\n    "b": ["${row}", 1]\n  }\n]`,
  )
  expect(printPretty('z'.repeat(100))).toBe(`"${'z'.repeat(100)}"`)
})

test('programs hand over what JSON has', () => {
  const refused = (value: unknown) => {
    try {
      requireJsonObject(value, 'args')
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  }
  const deep = (depth: number) => {
    let value: unknown = 1
    for (let level = 0; level < depth; level++) value = { a: value }
    return value
  }
  expect(refused({ a: null, b: true, c: 1n, d: 'x', e: 1.5, f: [1], g: {} })).toBeUndefined()
  for (const value of [
    { a: undefined },
    { a: Number.NaN },
    { a: 1 / 0 },
    { a: () => {} },
    { a: [Symbol()] },
  ]) {
    expect(refused(value)).toContain('args.a')
  }
  for (const value of [undefined, null, 'x', 5]) expect(refused(value)).toContain('args')
  expect(refused(deep(1000))).toBeUndefined()
  expect(refused(deep(1003))).toContain('a value that JSON has')
})

const GREETING = '{"QMP": {"version": {}, "capabilities": ["oob"]}}\n'

/** A client, and a monitor whose words the test says. */
function open(timeout = 60_000) {
  const [socket, monitor] = duplexPair()
  onTestFinished(() => void monitor.destroy())
  const events: QmpEvent[] = []
  const opened = QmpClient.open(socket, {
    ...{ name: 'm', timeout },
    onEvent: (event) => events.push(event),
  })
  opened.catch(() => {})
  const heard: string[] = []
  monitor.on('data', (bytes) => heard.push(...String(bytes).trim().split('\n')))
  const hear = async (count: number) => {
    while (heard.length < count) await new Promise((resolve) => setImmediate(resolve))
    return heard.slice(count - 1).join()
  }
  return { monitor, opened, events, hear }
}

async function openAndNegotiate() {
  const scene = open()
  scene.monitor.write(GREETING)
  await scene.hear(1)
  scene.monitor.write('{"return": {}, "id": 1}\n')
  return { ...scene, client: await scene.opened }
}

const codeOf = async (promise: Promise<unknown>) =>
  promise.then(
    (value) => value,
    (error: DiagnosticError) => error.diagnostics[0]?.code,
  )

describe('a client', () => {
  test('enables what the monitor has', async () => {
    const { hear, monitor, opened } = open()
    monitor.write('{"QMP": {"capabilities": []}}\n')
    expect(await hear(1)).toBe('{"execute": "qmp_capabilities", "arguments": {}, "id": 1}')
    monitor.write('{"return": {}, "id": 1}\n')
    await opened
    const other = open()
    other.monitor.write(GREETING)
    expect(await other.hear(1)).toContain('"arguments": {"enable": ["oob"]}')
  })

  test('tells replies apart by their ids, and events from them', async () => {
    const { client, monitor, hear, events } = await openAndNegotiate()
    const [first, second] = [client.execute('a'), client.execute('b', { c: 5n }, true)]
    expect(await hear(3)).toBe('{"exec-oob": "b", "arguments": {"c": 5}, "id": 3}')
    monitor.write('{"return": 7, "id": 3}\n')
    monitor.write(
      '{"event": "E", "data": {"x": 1}, "timestamp": {"seconds": 2, "microseconds": 3}}\n{"event": "F"}\n',
    )
    monitor.write('{"return": [], "id": 2}\n')
    expect(await Promise.all([first, second])).toEqual([[], 7n])
    expect(events).toEqual([
      { event: 'E', data: { x: 1n }, at: 2_000_003n },
      { event: 'F', data: {}, at: 0n },
    ])
  })

  test('tells refusals with a name that is right', async () => {
    const { client, monitor, hear } = await openAndNegotiate()
    const refused = client.execute('query-nam')
    await hear(2)
    monitor.write('{"error": {"class": "CommandNotFound", "desc": "no"}, "id": 2}\n')
    expect(await hear(3)).toContain('query-commands')
    monitor.write('{"return": [{"name": "query-name"}, {"x": 1}, 5], "id": 3}\n')
    const error = await refused.catch((one: DiagnosticError) => one)
    expect(error).toMatchObject({
      diagnostics: [{ code: 'QMP_REFUSED', hint: expect.stringContaining('query-name') }],
    })
    const other = client.execute('a')
    await hear(4)
    monitor.write('{"error": {"class": "GenericError", "desc": "why"}, "id": 4}\n')
    await expect(other).rejects.toThrow('why')
  })

  const WRONG: readonly (readonly [string, string])[] = [
    ['no JSON', 'QMP_NOT_A_MONITOR'],
    ['{"return": {}, "id": 9}\n', 'QMP_NOT_A_MONITOR'],
    ['{"return": {}}\n', 'QMP_NOT_A_MONITOR'],
    ['[1]\n', 'QMP_NOT_A_MONITOR'],
    ['{"QMP": 5}\n', 'QMP_NOT_A_MONITOR'],
  ]

  test.each(WRONG)('knows what is no monitor: %j', async (said, code) => {
    const { monitor, opened } = open()
    monitor.write(`${said}\n`)
    expect(await codeOf(opened)).toBe(code)
  })

  test('does not wait for ever, nor for a monitor that has left', async () => {
    expect(await codeOf(open(1).opened)).toBe('QMP_SILENT')
    const early = open()
    early.monitor.end()
    expect(await codeOf(early.opened)).toBe('QMP_CLOSED')
    const { client, monitor, hear } = await openAndNegotiate()
    const pending = client.execute('a')
    await hear(2)
    monitor.end()
    expect(await codeOf(pending)).toBe('QMP_CLOSED')
    await client.closed
    expect(await codeOf(client.execute('b'))).toBe('QMP_CLOSED')
  })
})

describe('a runner', () => {
  async function start(isHuman = false) {
    const scene = await openAndNegotiate()
    return { ...scene, runner: new CommandRunner(scene.client, isHuman) }
  }

  test('asks for the schema where there are arguments, and once', async () => {
    const { runner, monitor, hear } = await start()
    const plain = runner.runLine('query-name')
    expect(await hear(2)).toContain('"execute": "query-name", "arguments": {}')
    monitor.write('{"return": {}, "id": 2}\n')
    expect(await plain).toEqual({ command: 'query-name', result: {} })
    const done = runner.runLine('run a=5')
    expect(await hear(3)).toContain('query-qmp-schema')
    monitor.write('{"error": {"class": "GenericError", "desc": "x"}, "id": 3}\n')
    expect(await hear(4)).toContain('{"execute": "run", "arguments": {"a": 5}, "id": 4}')
    monitor.write('{"return": 1, "id": 4}\n')
    expect(await done).toEqual({ command: 'run', result: 1n })
    const again = runner.run(['run', 'a=x'])
    expect(await hear(5)).toContain('{"a": "x"}, "id": 5}')
    monitor.write('{"return": 2, "id": 5}\n')
    await again
    expect(await runner.runLine('  # nothing')).toBeUndefined()
  })

  test('sends a request in JSON as it is', async () => {
    const { runner, monitor, hear } = await start()
    const REQUESTS = [
      [
        '{"execute": "a", "arguments": {"b": 1}}',
        '{"execute": "a", "arguments": {"b": 1}, "id": 2}',
      ],
      ['{"exec-oob": "a"}', '{"exec-oob": "a", "arguments": {}, "id": 3}'],
      ['{"execute": 5, "arguments": 5}', '{"execute": "", "arguments": {}, "id": 4}'],
    ] as const
    for (const [index, [line, sent]] of REQUESTS.entries()) {
      const done = runner.runLine(line)
      expect(await hear(index + 2)).toBe(sent)
      monitor.write(`{"return": {}, "id": ${index + 2}}\n`)
      await done
    }
  })

  test('sends lines of the human monitor as they are', async () => {
    const { runner, monitor, hear } = await start(true)
    expect(await runner.runLine('  ')).toBeUndefined()
    const done = runner.runLine(" info  'name' ")
    expect(await hear(2)).toContain(`"arguments": {"command-line": "info  'name'"}`)
    monitor.write('{"return": "x", "id": 2}\n')
    expect(await done).toEqual({ command: "info  'name'", result: 'x' })
  })

  test('shows nothing of a line that is no name', async () => {
    const { runner } = await start()
    for (const word of ['secret=5', 'a secret', 'a{']) {
      const error = await runner.run([word]).catch((one: DiagnosticError) => one)
      expect(error).toMatchObject({ diagnostics: [{ code: 'QMP_BAD_ARGUMENT' }] })
      expect(String((error as DiagnosticError).message)).not.toContain('secret')
    }
  })
})
