/** What a copy leaves of the file that it replaces, held against qemu-img and nbdcopy, and what it believes. */
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test as plainTest } from 'vitest'
import { type Outcome, ROOT, run, runFile, scratchFolder } from '../../cli/command.ts'
import { runInProcess } from '../../cli/in-process.ts'
import { hasPeer, testWith } from '../../peers/peer.ts'

const STRANGER = 65_534
const IS_ROOT = process.geteuid?.() === 0

function copy(...args: readonly string[]): Promise<Outcome> {
  return runInProcess(['nbd', 'copy', ...args])
}

/** A copy that waited for a pipe in this process would stop the tests. */
async function copyApart(...args: readonly string[]): Promise<Outcome> {
  return run('cryptopolicy', ['nbd', 'copy', ...args])
}

function makeSource(folder: string): string {
  const path = join(folder, 'source.raw')
  writeFileSync(path, Buffer.alloc(200_000, 'what is to be copied '))
  return path
}

/** Each prepares a destination and names it; links and owners are what a copy may lose. */
const DESTINATIONS: Readonly<Record<string, (folder: string) => string>> = {
  'one of mode 0600': (folder) => {
    const path = join(folder, 'out.raw')
    writeFileSync(path, 'old', { mode: 0o600 })
    return path
  },
  'one that all may read and its group may write': (folder) => {
    const path = join(folder, 'out.raw')
    writeFileSync(path, 'old')
    chmodSync(path, 0o664)
    return path
  },
  'one of another owner and group': (folder) => {
    const path = join(folder, 'out.raw')
    writeFileSync(path, 'old')
    if (IS_ROOT) chownSync(path, STRANGER, STRANGER)
    chmodSync(path, 0o640)
    return path
  },
  'one with a second name': (folder) => {
    const path = join(folder, 'out.raw')
    writeFileSync(path, 'an old and longer text'.repeat(50_000))
    linkSync(path, join(folder, 'second.raw'))
    return path
  },
  'a link to a file': (folder) => {
    writeFileSync(join(folder, 'real.raw'), 'old', { mode: 0o640 })
    symlinkSync('real.raw', join(folder, 'link.raw'))
    return join(folder, 'link.raw')
  },
  'a link to nothing': (folder) => {
    mkdirSync(join(folder, 'images'))
    symlinkSync('second.raw', join(folder, 'link.raw'))
    symlinkSync('images/new.raw', join(folder, 'second.raw'))
    return join(folder, 'link.raw')
  },
  nothing: (folder) => join(folder, 'out.raw'),
}

const JUDGES: Readonly<Record<string, (source: string, to: string) => readonly string[]>> = {
  'qemu-img': (from, to) => ['qemu-img', 'convert', '-f', 'raw', '-O', 'raw', from, to],
  nbdcopy: (from, to) => ['nbdcopy', from, to],
}

/** What names, owners and modes there are, and which names are of one file. */
function listFolder(folder: string): string {
  const format = '%P %y %m %U %G %n %l\\n'
  return runFile('find', [folder, '-mindepth', '1', '-printf', format])
    .stdout.split('\n')
    .toSorted()
    .join('\n')
}

describe.each(Object.keys(JUDGES).filter(hasPeer))('as %s leaves it', (judge) => {
  // nbdcopy refuses a link to nothing.
  const judged = Object.entries(DESTINATIONS).filter(
    ([name]) => judge !== 'nbdcopy' || name !== 'a link to nothing',
  )
  plainTest.each(judged)('%s', async (_, prepare) => {
    const source = makeSource(scratchFolder())
    const [ours, theirs] = [scratchFolder(), scratchFolder()]
    const out = prepare(ours)
    const [program = '', ...args] = JUDGES[judge]?.(source, prepare(theirs)) ?? []
    expect(runFile(program, args).status).toBe(0)
    expect((await copy(source, out)).status).toBe(0)
    expect(readFileSync(out).equals(readFileSync(source))).toBe(true)
    expect(listFolder(ours)).toBe(listFolder(theirs))
  })
})

testWith('strace', 'no other user can open it before it is whole, whatever the umask', () => {
  const folder = scratchFolder()
  const source = makeSource(folder)
  const out = join(folder, 'out.raw')
  writeFileSync(out, 'old', { mode: 0o600 })
  const log = join(folder, 'log')
  const program = [process.execPath, join(ROOT, 'dist', 'cryptopolicy.cjs'), 'nbd', 'copy']
  const trace = ['-f', '-qq', '-o', log, '-e', 'trace=openat,fchmod,chmod,rename']
  const words = ['umask 0; exec "$@"', 'sh', 'strace', ...trace, ...program, source, out]
  expect(runFile('sh', ['-c', ...words]).status).toBe(0)
  const lines = readFileSync(log, 'utf8').split('\n')
  const made = lines.filter((line) => /openat.*out\.raw.*O_CREAT/.test(line))
  expect(made.length).toBeGreaterThan(0)
  for (const line of made) expect(line).toMatch(/O_EXCL.*, 0600\)/)
  expect(statSync(out).mode & 0o777).toBe(0o600)
})

type Spoilt = readonly [string, (partial: string, state: string) => void]

/** Only root can give files away. */
const OF_STRANGERS: readonly Spoilt[] = [
  ['of a stranger', (partial) => chownSync(partial, STRANGER, STRANGER)],
  ['whose state is of a stranger', (_, state) => chownSync(state, STRANGER, STRANGER)],
]

describe('a partial file is not gone on with', () => {
  const size = 200_000
  const forge = (folder: string, source: string): readonly [string, string] => {
    const partial = join(folder, '.out.raw.cryptopolicy-partial')
    const token = '0'.repeat(32)
    const evil = Buffer.concat([
      Buffer.alloc(size, 'evil '),
      Buffer.from(`cryptopolicy-partial ${token}`),
    ])
    writeFileSync(partial, evil)
    const { dev, ino, mtimeMs } = statSync(source)
    const binding = {
      format: 'cryptopolicy-copy-1',
      source: `file ${dev}:${ino} of ${mtimeMs}`,
      destination: `file ${token}`,
      size,
      done: [[0, size]],
    }
    writeFileSync(`${partial}.state`, `${JSON.stringify(binding)}\n`)
    return [partial, `${partial}.state`]
  }

  plainTest('but one of our own is: the forgery of these tests is well made', async () => {
    const folder = scratchFolder()
    const source = makeSource(scratchFolder())
    forge(folder, source)
    expect((await copy(source, join(folder, 'out.raw'))).status).toBe(0)
    expect(readFileSync(join(folder, 'out.raw'), 'latin1')).toContain('evil')
  })

  plainTest.each<Spoilt>([
    ['that all may write', (partial) => chmodSync(partial, 0o666)],
    ['that its group may write', (partial) => chmodSync(partial, 0o620)],
    ['with a second name', (partial) => linkSync(partial, `${partial}.other`)],
    ['whose state all may write', (_, state) => chmodSync(state, 0o666)],
    ['whose state has a second name', (_, state) => linkSync(state, `${state}.other`)],
    ['that is a link', (partial) => becomeLink(partial)],
    ['whose state is a link', (_, state) => becomeLink(state)],
    ['that is a pipe', (partial) => becomePipe(partial)],
    ['whose state is a pipe', (_, state) => becomePipe(state)],
    ['of another random value', (partial) => replaceText(partial, '0'.repeat(32), '1'.repeat(32))],
    ['without a random value', (partial) => replaceText(partial, 'cryptopolicy-partial', 'x')],
    ...(IS_ROOT ? OF_STRANGERS : []),
  ])('%s', async (name, spoil) => {
    const folder = scratchFolder()
    const source = makeSource(scratchFolder())
    const [partial, state] = forge(folder, source)
    spoil(partial, state)
    const out = join(folder, 'out.raw')
    const { status, stderr } = await copyWhere(name)(source, out)
    expect([status, stderr]).toEqual([0, expect.stringContaining('NBD_COPY_STARTED_ANEW')])
    expect(readFileSync(out).equals(readFileSync(source))).toBe(true)
    const { uid, nlink, mode } = lstatSync(out)
    expect([uid, nlink, mode & 0o022]).toEqual([process.geteuid?.(), 1, 0])
    expect([partial, state].map((path) => existsSync(path))).toEqual([false, false])
  })
})

describe('a state that the user names takes the place of nothing else:', () => {
  plainTest.each<readonly [string, string, (state: string) => void]>([
    ['a text', 'it is no state of a copy', (state) => writeFileSync(state, 'precious')],
    ['a disk', 'it is no state of a copy', (state) => writeFileSync(state, Buffer.alloc(1 << 20))],
    ['a pipe', 'it is not a regular file', (state) => runFile('mkfifo', [state])],
    ['a link', 'it is not a regular file', (state) => symlinkSync('/dev/null', state)],
  ])('%s', async (name, reason, make) => {
    const folder = scratchFolder()
    const source = makeSource(folder)
    const out = join(folder, 'out.raw')
    const state = join(folder, 'state')
    make(state)
    const { ino, mode, size } = lstatSync(state)
    const { status, stderr } = await copyWhere(name)(source, out, '--state', state)
    expect([status, stderr]).toEqual([73, expect.stringContaining(reason)])
    expect(lstatSync(state)).toMatchObject({ ino, mode, size })
    expect(existsSync(out)).toBe(false)
  })

  plainTest('an empty file, as mktemp makes it, is one', async () => {
    const folder = scratchFolder()
    const state = join(folder, 'state')
    writeFileSync(state, '')
    expect((await copy(makeSource(folder), join(folder, 'out.raw'), '--state', state)).status).toBe(
      0,
    )
    expect(existsSync(state)).toBe(false)
  })
})

function copyWhere(name: string): typeof copy {
  return name.includes('pipe') ? copyApart : copy
}

function becomeLink(path: string): void {
  renameSync(path, `${path}.real`)
  symlinkSync(`${path}.real`, path)
}

function becomePipe(path: string): void {
  runFile('sh', ['-c', 'rm -- "$1" && mkfifo -- "$1"', 'sh', path])
}

function replaceText(path: string, before: string, after: string): void {
  writeFileSync(path, readFileSync(path, 'latin1').replace(before, after), 'latin1')
}
