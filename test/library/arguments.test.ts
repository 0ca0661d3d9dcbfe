/** Whatever a program hands over, it gets a code that names the argument: never an error of ours, never silence. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import * as library from '../../src/index.ts'
import * as pki from '../../src/library/pki.ts'
import * as qmp from '../../src/library/qmp.ts'
import { scratchFolder } from '../cli/command.ts'
import {
  type Call,
  CHARDEV_FUNCTIONS,
  clientMethods,
  EXPORT_METHODS,
  FUNCTIONS,
  NBD_FUNCTIONS,
  OBJECT_METHODS,
  type Parameter,
  PKI_FUNCTIONS,
  QMP_FUNCTIONS,
  SERVER_METHODS,
  storageMethods,
  WRONG,
  type Wrong,
} from './calls.ts'

/** The diagnostic that a call is refused with; fails where it is not refused by a diagnostic. */
async function refusal({ call }: Call, args: readonly unknown[]): Promise<library.Diagnostic> {
  try {
    await call(...(args as never))
  } catch (error) {
    if (error instanceof library.DiagnosticError && error.diagnostics[0])
      return error.diagnostics[0]
    throw error
  }
  throw new Error('it was not refused')
}

/** The right arguments but for one. */
function withArgument({ parameters }: Call, wrong: Parameter, value: unknown): readonly unknown[] {
  return parameters.map((parameter) => (parameter === wrong ? value : parameter.value))
}

function wrongFor({ takes = [], isOptional = false, value }: Parameter): readonly Wrong[] {
  return (Object.keys(WRONG) as Wrong[]).filter(
    (wrong) =>
      !takes.includes(wrong) && !(isOptional && wrong === 'undefined') && !(value === WRONG[wrong]),
  )
}

/** All that is not refused as it has to be, in words. */
async function findFaults(name: string, call: Call): Promise<readonly string[]> {
  const faults: string[] = []
  const expectRefusal = async (parameter: Parameter, argument: string, value: unknown) => {
    const found = await refusal(call, withArgument(call, parameter, value)).catch(String)
    const isRight =
      typeof found === 'object' &&
      /^LIBRARY_(ARGUMENT|OPTION)$/.test(found.code) &&
      found.message.includes(`\`${argument}`)
    if (!isRight) faults.push(`${name}: ${argument} ${String(value)}: ${JSON.stringify(found)}`)
  }
  for (const parameter of call.parameters) {
    for (const wrong of wrongFor(parameter)) {
      await expectRefusal(parameter, parameter.name, WRONG[wrong])
    }
    if (!parameter.isOptions) continue
    const value = parameter.value as Readonly<Record<string, unknown>>
    for (const key of Object.keys(value)) {
      const argument = `${parameter.name}.${key}`
      await expectRefusal(parameter, argument, { ...value, [key]: WRONG.symbol })
      await expectRefusal(parameter, argument, { ...value, [key]: null })
      const { [key]: moved, ...rest } = value
      await expectRefusal(parameter, parameter.name, { ...rest, [`${key}s`]: moved })
    }
  }
  return faults
}

function expectAllChecked(calls: Readonly<Record<string, Call>>): void {
  test.each(Object.entries(calls))('%s', async (name, call) => {
    expect(await findFaults(name, call)).toEqual([])
  })
}

describe('functions', () =>
  expectAllChecked({
    ...FUNCTIONS,
    ...CHARDEV_FUNCTIONS,
    ...NBD_FUNCTIONS,
    ...PKI_FUNCTIONS,
    ...QMP_FUNCTIONS,
  }))

describe('NbdServer', () => expectAllChecked(SERVER_METHODS))

describe('ExportRegistry', () => expectAllChecked(EXPORT_METHODS))

describe('TlsObjects', () => expectAllChecked(OBJECT_METHODS))

describe('MemoryStorage', () => expectAllChecked(storageMethods(new library.MemoryStorage(4096))))

test('FileStorage', async () => {
  const path = join(scratchFolder(), 'disk')
  writeFileSync(path, Buffer.alloc(4096))
  const storage = await library.FileStorage.open(path, { readOnly: false })
  onTestFinished(() => storage.close())
  for (const [name, call] of Object.entries(storageMethods(storage))) {
    expect(await findFaults(name, call)).toEqual([])
  }
})

test('NbdClient', async () => {
  const exports = await library.openExports([{ name: '', from: { memory: 4096 } }], {
    ...{ isReadOnly: false, isShared: true },
  })
  const server = new library.NbdServer({
    exports: new library.ExportRegistry(exports),
    security: library.NO_TLS,
  })
  onTestFinished(() => server.drain(0))
  const path = join(scratchFolder(), 'nbd.sock')
  await server.listen({ path })
  const client = await library.NbdClient.connect({ kind: 'unix', path }, '')
  onTestFinished(() => client.disconnect())
  for (const [name, call] of Object.entries(clientMethods(client))) {
    expect(await findFaults(name, call)).toEqual([])
  }
})

/** Made by the library alone: programs ask whether an error is one of them. Traffic is made of nothing. */
const WITHOUT_ARGUMENTS = ['DiagnosticError', 'NbdRequestError', 'Traffic']

test('no export is left out above', () => {
  const known = Object.keys({
    ...FUNCTIONS,
    ...CHARDEV_FUNCTIONS,
    ...NBD_FUNCTIONS,
    ...PKI_FUNCTIONS,
    ...QMP_FUNCTIONS,
  }).map((name) => name.split('.')[0] ?? '')
  const functions = Object.entries({ ...library, ...pki, ...qmp })
    .filter(([, value]) => typeof value === 'function')
    .map(([name]) => name)
  expect(functions.filter((name) => !known.includes(name)).toSorted()).toEqual(WITHOUT_ARGUMENTS)
})

/** Of a class, and of what it gives. */
function methodsOf(prototype: object): readonly string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(
      ([name, { value }]) =>
        typeof value === 'function' && value.length > 0 && name !== 'constructor',
    )
    .map(([name]) => name)
}

test('no method that takes anything is left out above', () => {
  const storage = storageMethods(new library.MemoryStorage(1))
  expect(Object.keys(storage)).toEqual(
    expect.arrayContaining([...methodsOf(library.MemoryStorage.prototype)]),
  )
  expect(Object.keys(SERVER_METHODS)).toEqual(
    expect.arrayContaining([...methodsOf(library.NbdServer.prototype)]),
  )
})

test('a misspelt option is told with the nearest name', () => {
  const wrong = { releases: '3.8.9' } as library.EvaluateOptions
  expect(() => library.evaluatePriority('NORMAL', wrong)).toThrow(
    expect.objectContaining({
      diagnostics: [
        expect.objectContaining({ code: 'LIBRARY_OPTION', hint: 'did you mean release?' }),
      ],
    }),
  )
})

test('what is wrong is told by its kind, so that no secret is shown', () => {
  const secret = 'correct horse'
  const call = () => library.evaluatePriority('NORMAL', secret as never)
  expect(call).toThrow('`options` has to be an object, and is a text')
})

test('settings of the other side are refused', async () => {
  const call = FUNCTIONS.acceptTls as Call
  const settings = library.tlsOptionsFor('NORMAL', { role: 'client' })
  const [connection, , options] = call.parameters.map(({ value }) => value)
  const { message } = await refusal(call, [connection, settings, options])
  expect(message).toBe(
    '`settings` has to be what tlsOptionsFor gives for a server, and is an object',
  )
})

test.each(['ciphers', 'minVersion', 'session', 'secureContext', 'secureProtocol'])(
  'connectTls takes no %s: the string decides',
  async (key) => {
    const call = FUNCTIONS.connectTls as Call
    const [connection, settings] = call.parameters.map(({ value }) => value)
    const { message } = await refusal(call, [connection, settings, { [key]: 'x' }])
    expect(message).toContain(`\`options.${key}\` has to be left out`)
  },
)
