/** The life of a service within the process of the test: its endings, reloads, and what systemd hands to it. */
import { existsSync, mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { isInBackground } from '../../src/service/background.ts'
import { ServiceEnding } from '../../src/service/ending.ts'
import { findOwner } from '../../src/service/file-owner.ts'
import { removePidFile, writePidFile } from '../../src/service/pid-file.ts'
import { changedObjects, describeReload, reloadToJson } from '../../src/service/reload-text.ts'
import { runService, type Service } from '../../src/service/service.ts'
import { listenDescriptors, namedDescriptors } from '../../src/service/service-manager.ts'
import type { ObjectReload } from '../../src/tls/objects/reload-report.ts'
import { TlsObjects } from '../../src/tls/objects/tls-objects.ts'
import { runFile, scratchFolder } from '../cli/command.ts'
import { refusal } from '../diagnostic-code.ts'
import { watchedAmong } from '../files/open-files.ts'

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGXFSZ'] as const
const listeners = () => SIGNALS.map((signal) => process.listenerCount(signal))
const BEFORE = listeners()

/** Nothing listens any more once a service has ended. */
afterEach(() => {
  expect(listeners()).toEqual(BEFORE)
})

/** Whether a promise is kept once all that is due now has been done. */
async function isKept(promise: Promise<unknown>): Promise<boolean> {
  const later = new Promise((resolve) => setImmediate(() => resolve(LATER)))
  return (await Promise.race([promise, later])) !== LATER
}
const LATER = Symbol('later')

describe('the ending of a service', () => {
  test('begins when it is asked for, and waits for no client when that is asked once more', async () => {
    const ending = new ServiceEnding()
    expect([await isKept(ending.begun), await isKept(ending.hurried)]).toEqual([false, false])
    ending.ask()
    expect([await isKept(ending.begun), await isKept(ending.hurried)]).toEqual([true, false])
    ending.ask()
    expect(await isKept(ending.hurried)).toBe(true)
  })

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'is asked for by %s while it listens',
    async (signal) => {
      const ending = new ServiceEnding()
      ending.onSignals()
      process.emit(signal)
      expect([await isKept(ending.begun), await isKept(ending.hurried)]).toEqual([true, false])
      process.emit(signal)
      expect(await isKept(ending.hurried)).toBe(true)
      ending.close()
    },
  )
})

/** A service that notes what becomes of it, in order. */
function serviceThat(more: Partial<Service<string>> = {}) {
  const told: string[] = []
  const objects = TlsObjects.create([])
  const ending = new ServiceEnding()
  const service: Service<string> = {
    objects,
    ending,
    start: () => {
      told.push('start')
      return Promise.resolve('here')
    },
    announce: (place) => void told.push(`announce ${place}`),
    tellReload: () => void told.push('reload'),
    drain: (limit) => {
      told.push(`drain ${limit}`)
      return Promise.resolve()
    },
    close: () => {
      told.push('close')
      return Promise.resolve()
    },
    ...more,
  }
  return { told, ending, service }
}

async function until(isThere: () => boolean): Promise<void> {
  await expect.poll(isThere).toBe(true)
}

describe('a service', () => {
  test('starts, is announced, drains within its limit, and closes', async () => {
    const { told, ending, service } = serviceThat()
    const run = runService(service)
    await until(() => told.includes('announce here'))
    expect(listeners()).toEqual(BEFORE.map((count) => count + 1))
    ending.ask()
    await run
    expect(told).toEqual(['start', 'announce here', 'drain 30000', 'drain 0', 'close'])
  })

  test('has a limit of its own', async () => {
    const { told, ending, service } = serviceThat({ drainLimit: 7 })
    ending.ask()
    await runService(service)
    expect(told).toContain('drain 7000')
  })

  test('waits for what is under way, and no more when it is told to end once more', async () => {
    const { told, ending, service } = serviceThat({
      drain: (limit) => {
        told.push(`drain ${limit}`)
        return limit > 0 ? new Promise(() => {}) : Promise.resolve()
      },
    })
    const run = runService(service)
    ending.ask()
    await until(() => told.includes('drain 30000'))
    expect(await isKept(run)).toBe(false)
    expect(told).not.toContain('close')
    ending.ask()
    await run
    expect(told.slice(-2)).toEqual(['drain 0', 'close'])
  })

  test('is told to end by a signal', async () => {
    const { told, ending: _, service } = serviceThat()
    const { ending: __, ...rest } = service
    const run = runService(rest)
    await until(() => told.includes('announce here'))
    process.emit('SIGTERM')
    await run
    expect(told).toContain('close')
  })

  test('that cannot start closes what it has, and leaves no number of its process', async () => {
    const pidFile = join(scratchFolder(), 'pid')
    const start = () => Promise.reject(new Error('no room'))
    const { told, service } = serviceThat({ start, pidFile })
    await expect(runService(service)).rejects.toThrow('no room')
    expect(told).toEqual(['drain 0', 'close'])
    expect(existsSync(pidFile)).toBe(false)
  })

  test('closes, and takes its number away, although it cannot drain or close', async () => {
    const pidFile = join(scratchFolder(), 'pid')
    const drain = () => Promise.reject(new Error('no drain'))
    const close = () => Promise.reject(new Error('no close'))
    const { ending, service } = serviceThat({ pidFile, drain, close })
    let during = ''
    const announce = () => {
      during = readFileSync(pidFile, 'utf8')
      ending.ask()
    }
    await expect(runService({ ...service, announce })).rejects.toThrow('no close')
    expect(during).toBe(`${process.pid}\n`)
    expect(existsSync(pidFile)).toBe(false)
  })

  test('whose number cannot be written does not serve', async () => {
    const pidFile = join(scratchFolder(), 'none', 'pid')
    const { told, service } = serviceThat({ pidFile })
    await expect(runService(service)).rejects.toThrow(refusal('FILE_UNWRITABLE'))
    expect(told).toEqual(['start', 'drain 0', 'close'])
  })

  test('reads its configuration and its objects again on SIGHUP, one reload after the other', async () => {
    let release: (() => void)[] = []
    const { told, ending, service } = serviceThat({
      configure: () => {
        told.push('configure')
        return new Promise((resolve) => release.push(resolve))
      },
    })
    const run = runService(service)
    await until(() => told.includes('announce here'))
    for (const _ of [1, 2, 3]) process.emit('SIGHUP')
    expect(told.slice(2)).toEqual(['configure'])
    release[0]?.()
    await until(() => told.includes('reload'))
    // The signals that came meanwhile are one more.
    await until(() => release.length === 2)
    release[1]?.()
    await until(() => told.filter((word) => word === 'reload').length === 2)
    expect(told.slice(2)).toEqual(['configure', 'reload', 'configure', 'reload'])
    release = []
    process.emit('SIGHUP')
    await until(() => release.length === 1)
    // It ends meanwhile, and nothing is started any more.
    ending.ask()
    process.emit('SIGHUP')
    await run
    release[0]?.()
    await new Promise(setImmediate)
    expect(told.filter((word) => word === 'configure')).toHaveLength(3)
  })

  test('watches the files of its objects while it serves', async () => {
    const folder = realpathSync(scratchFolder())
    writeFileSync(join(folder, 'list'), 'rules: []\n')
    const properties = { filename: join(folder, 'list') }
    const objects = TlsObjects.create([{ type: 'authz-list-file', id: 'a', properties }])
    const { told, ending, service } = serviceThat({ objects })
    const run = runService(service)
    await until(() => told.includes('announce here'))
    expect(watchedAmong([folder])).toEqual([folder])
    ending.ask()
    await run
    expect(watchedAmong([folder])).toEqual([])
  })

  test('that ends reads nothing again', async () => {
    const { told, ending, service } = serviceThat({
      drain: async (limit) => {
        if (limit > 0) process.emit('SIGHUP')
      },
      configure: async () => void told.push('configure'),
    })
    ending.ask()
    await runService(service)
    expect(told).not.toContain('configure')
  })
})

describe('the number of a process', () => {
  test('stands in its file, and goes unless another process has put its own there', () => {
    const path = join(scratchFolder(), 'pid')
    writePidFile(path)
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`)
    expect(statSync(path).mode & 0o777).toBe(0o644)
    removePidFile(path)
    expect(existsSync(path)).toBe(false)
    removePidFile(path)
    writeFileSync(path, `${process.pid + 1}\n`)
    removePidFile(path)
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid + 1}\n`)
  })

  test('is no reason to remove what is no such file', () => {
    const path = join(scratchFolder(), 'pid')
    writeFileSync(path, '')
    removePidFile(path)
    expect(existsSync(path)).toBe(true)
    const folder = scratchFolder()
    removePidFile(folder)
    expect(existsSync(folder)).toBe(true)
  })

  test('that cannot be written is told', () => {
    const folder = scratchFolder()
    mkdirSync(join(folder, 'pid', 'full'), { recursive: true })
    expect(() => writePidFile(join(folder, 'pid'))).toThrow(refusal('FILE_UNWRITABLE'))
  })
})

describe('an owner is', () => {
  /** `getent` is what chown(1) looks names up with. */
  const idOf = (database: string, name: string) =>
    Number(runFile('getent', [database, name]).stdout.split(':')[2])

  test('a user, a group or both, by names or numbers', () => {
    const [user, group] = [idOf('passwd', 'daemon'), idOf('group', 'daemon')]
    expect(findOwner('daemon')).toEqual({ user })
    expect(findOwner('daemon:daemon')).toEqual({ user, group })
    expect(findOwner(':daemon')).toEqual({ group })
    expect(findOwner('0:12')).toEqual({ user: 0, group: 12 })
    expect(findOwner('root')).toEqual({ user: 0 })
    expect(findOwner('4294967294:4294967294')).toEqual({ user: 2 ** 32 - 2, group: 2 ** 32 - 2 })
    // No database knows this number.
    expect(findOwner('3999999999')).toEqual({ user: 3_999_999_999 })
  })

  test.each([
    ['', 'user ""'],
    [':', 'user ":"'],
    ['a:b:c', 'user "a:b:c"'],
    ['root:', 'user "root:"'],
    ['no-such-user', 'user "no-such-user"'],
    ['root:no-such-group', 'group "no-such-group"'],
    ['4294967295', 'user "4294967295"'],
    [':4294967295', 'group "4294967295"'],
    ['00000000000', 'user "00000000000"'],
    ['-1', 'user "-1"'],
    ['--help', 'user "--help"'],
    ['-s', 'user "-s"'],
    ['1.5', 'user "1.5"'],
    ['0x0', 'user "0x0"'],
    [' 0', 'user " 0"'],
  ])('not %j', (text, told) => {
    expect(() => findOwner(text)).toThrow(refusal('SERVICE_UNKNOWN_OWNER'))
    expect(() => findOwner(text)).toThrow(`there is no ${told}`)
  })
})

describe('sockets that are handed over', () => {
  const handed = (LISTEN_FDS: string | undefined, pid: unknown = process.pid, names?: string) => ({
    LISTEN_PID: `${pid}`,
    ...(LISTEN_FDS === undefined ? {} : { LISTEN_FDS }),
    ...(names === undefined ? {} : { LISTEN_FDNAMES: names }),
  })

  test('begin with the descriptor 3, as sd_listen_fds(3) says', () => {
    expect(listenDescriptors(handed('1'))).toEqual([3])
    expect(listenDescriptors(handed('3'))).toEqual([3, 4, 5])
    expect(listenDescriptors(handed('256'))).toHaveLength(256)
    expect(listenDescriptors(handed('256')).at(-1)).toBe(258)
  })

  test.each(['0', '257', '999', '1000', '-1', '', '1.5', 'x', ' 1', '1 ', undefined])(
    'are none where their number is %j',
    (count) => {
      expect(listenDescriptors(handed(count))).toEqual([])
    },
  )

  test('are those of this process alone', () => {
    expect(listenDescriptors(handed('1', process.pid + 1))).toEqual([])
    expect(listenDescriptors({ LISTEN_FDS: '1' })).toEqual([])
    expect(listenDescriptors({})).toEqual([])
  })

  test('have names, each for one or several', () => {
    const named = (count: string, names?: string) => [
      ...namedDescriptors(handed(count, process.pid, names)),
    ]
    expect(named('3', 'a:b:a')).toEqual([
      ['a', [3, 5]],
      ['b', [4]],
    ])
    expect(named('2')).toEqual([['', [3, 4]]])
    expect(named('2', 'a')).toEqual([
      ['a', [3]],
      ['', [4]],
    ])
    expect(named('1', 'a:b')).toEqual([['a', [3]]])
    expect(named('0', 'a')).toEqual([])
  })
})

describe('what a reload came to', () => {
  const objectOf = (type: string, outcome: ObjectReload['outcome']): ObjectReload => ({
    ...{ id: 'x', type, outcome, diagnostics: [] },
  })

  test('is told for each object', () => {
    const told = (type: string, outcome: ObjectReload['outcome']) =>
      describeReload(objectOf(type, outcome))
    expect(told('tls-creds-x509', 'replaced')).toBe("tls-creds-x509 'x': loaded anew")
    expect(told('tls-creds-x509', 'unchanged')).toBe("tls-creds-x509 'x': unchanged")
    expect(told('tls-creds-x509', 'refused')).toBe(
      "tls-creds-x509 'x': the new files are refused, the old ones stay",
    )
    expect(told('authz-list-file', 'refused')).toBe(
      "authz-list-file 'x': the new file is refused, and every client is denied until it is mended",
    )
    expect(told('authz-list-file', 'replaced')).toBe("authz-list-file 'x': loaded anew")
  })

  test('is of interest where an object changed, or should have', () => {
    const outcomes = ['unchanged', 'replaced', 'refused'] as const
    const objects = outcomes.map((outcome) => objectOf('secret', outcome))
    expect(changedObjects({ objects, diagnostics: [] }).map(({ outcome }) => outcome)).toEqual([
      ...['replaced', 'refused'],
    ])
  })

  test('is one line of JSON, with what is said of each object', () => {
    const diagnostics = [
      { code: 'X', severity: 'error', fault: 'input', message: 'it is odd' } as const,
    ]
    const objects = [{ ...objectOf('secret', 'refused'), diagnostics }]
    const line = reloadToJson({ objects, diagnostics: [] }, new Date(0))
    expect(line).not.toContain('\n')
    expect(JSON.parse(line)).toMatchObject({
      time: '1970-01-01T00:00:00.000Z',
      event: 'reloaded',
      objects: [
        {
          ...{ id: 'x', type: 'secret', outcome: 'refused' },
          diagnostics: [{ code: 'X', message: 'it is odd', hint: null }],
        },
      ],
    })
  })
})

test('a process is in the background where it was started so and marked, and not by its mark alone', () => {
  const { argv } = process
  onTestFinished(() => {
    process.argv = argv
  })
  const mark = { CRYPTOPOLICY_IN_BACKGROUND: '1' }
  expect(isInBackground(mark)).toBe(false)
  process.argv = [...argv, '--fork']
  expect(isInBackground(mark)).toBe(true)
  expect(isInBackground({})).toBe(false)
  expect(isInBackground({ CRYPTOPOLICY_IN_BACKGROUND: '0' })).toBe(false)
})
