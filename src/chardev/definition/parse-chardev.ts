/** Reads a chardev as users write it: the argument of `--chardev`, or properties of a document. */
import { fail } from '../../diagnostics/diagnostic.ts'
import type { Source, Span } from '../../diagnostics/source.ts'
import { parseKeyValues } from '../../options/key-value-syntax.ts'
import type { PropertyValue, WrittenObject } from '../../options/object-definition.ts'
import type {
  BackendName,
  ChardevBackend,
  ChardevDefinition,
  ChardevLog,
} from './chardev-definition.ts'
import { CHARDEV_BACKEND_NAMES, ChardevOptions } from './chardev-options.ts'
import { DEFINITION_KINDS } from './definition-diagnostics.ts'
import { readSocket } from './socket-definition.ts'

/** A longer argument is a mistake. */
const MAX_LENGTH = 65_536

export type ParseChardevOptions = {
  /** What messages call the text. */
  readonly name?: string
  /** The id where none is given. */
  readonly id?: string
  /** Whether it is to listen, where the text does not say: `server=`. */
  readonly isServer?: boolean
}

/**
 * Reads `BACKEND,id=ID,OPTION=VALUE...`.
 *
 * @throws DiagnosticError CHARDEV_..., OBJECT_MALFORMED, OBJECT_DUPLICATE_PROPERTY with the place.
 */
export function parseChardev(text: string, options: ParseChardevOptions = {}): ChardevDefinition {
  const { name = '--chardev' } = options
  const source: Source = { name, text: text.slice(0, MAX_LENGTH) }
  return defineChardev(parseKeyValues(source, 'backend'), options)
}

/**
 * Makes a chardev of its properties; `backend` is one of them.
 *
 * @throws DiagnosticError CHARDEV_... with the place.
 */
export function defineChardev(
  { properties, places }: WrittenObject,
  defaults: Omit<ParseChardevOptions, 'name'> = {},
): ChardevDefinition {
  const { backend: written, id = defaults.id, ...rest } = properties
  const backend = findBackend(written, id, places)
  const isOpen = backend === 'socket' && !('server' in rest || 'noserver' in rest)
  const own = isOpen ? { ...rest, server: defaults.isServer ? 'on' : 'off' } : rest
  const options = new ChardevOptions(backend, { properties: own, places })
  const made = READERS[backend](options)
  const isMux = options.flag('mux') ?? false
  refuseMux(options, made, isMux)
  return { ...made, id: readId(id, places), isMux, log: readLog(options), span: places.get('') }
}

function readId(id: PropertyValue | undefined, places: ReadonlyMap<string, Span>): string {
  const span = places.get('id') ?? places.get('')
  if (id === undefined) return fail(DEFINITION_KINDS.noId, {}, span)
  if (typeof id === 'string' && /^[A-Za-z][A-Za-z0-9._-]*$/.test(id)) return id
  return fail(DEFINITION_KINDS.invalidId, { id: String(id) }, span)
}

/** Back-ends of QEMU that are not here, and what to use instead. */
const ABSENT: Readonly<Record<string, string>> = {
  serial: 'a device: pipe,path=/dev/ttyS0',
  tty: 'a device: pipe,path=/dev/ttyS0',
  udp: 'nothing secures datagrams here: use a socket',
  vc: 'use stdio or pty',
  console: 'use stdio or pty',
  mux: 'write mux=on at the socket that several clients use',
  ...Object.fromEntries(
    [
      ...['parallel', 'parport', 'msmouse', 'wctablet', 'testdev', 'braille', 'hub', 'dbus'],
      ...['spicevmc', 'spiceport', 'qemu-vdagent'],
    ].map((name) => [name, 'it belongs to devices of a guest']),
  ),
}

/** Other names of back-ends. */
const ALIASES: Readonly<Record<string, BackendName>> = { memory: 'ringbuf', unix: 'socket' }

function findBackend(
  written: PropertyValue | undefined,
  id: PropertyValue | undefined,
  places: ReadonlyMap<string, Span>,
): BackendName {
  const span = places.get('backend') ?? places.get('')
  if (typeof written !== 'string' || written === '') {
    return fail(DEFINITION_KINDS.noBackend, typeof id === 'string' ? { id } : {}, span)
  }
  const known = CHARDEV_BACKEND_NAMES.find((name) => name === written)
  if (known) return known
  const alias = Object.hasOwn(ALIASES, written) ? ALIASES[written] : undefined
  if (alias) return alias
  const hint = Object.hasOwn(ABSENT, written) ? ABSENT[written] : undefined
  if (hint) fail(DEFINITION_KINDS.absentBackend, { name: `back-end ${written}`, hint }, span)
  return fail(
    DEFINITION_KINDS.unknownBackend,
    { name: written, known: CHARDEV_BACKEND_NAMES },
    span,
  )
}

const READERS: { readonly [Name in BackendName]: (options: ChardevOptions) => ChardevBackend } = {
  socket: readSocket,
  stdio: (options) => ({ backend: 'stdio', hasSignals: options.flag('signal') ?? false }),
  pty: () => ({ backend: 'pty' }),
  file: (options) => ({
    backend: 'file',
    path: requiredText(options, 'path', 'chardev: file: no filename given'),
    isAppended: options.flag('append') ?? false,
  }),
  pipe: (options) => ({
    backend: 'pipe',
    path: requiredText(options, 'path', 'chardev: pipe: no device path given'),
  }),
  exec: (options) => ({
    backend: 'exec',
    command: requiredText(options, 'command', 'chardev: exec: no command given'),
  }),
  null: () => ({ backend: 'null' }),
  ringbuf: (options) => ({ backend: 'ringbuf', size: readRingSize(options) }),
}

function requiredText(options: ChardevOptions, name: string, reason: string): string {
  const text = options.text(name)
  if (text !== undefined && text !== '') {
    return text.includes('\0') ? options.refuse(name, 'a text without NUL') : text
  }
  const hint = `add ${name}=...`
  return fail(DEFINITION_KINDS.missingOption, { reason, hint }, options.spanOf(''))
}

const DEFAULT_RING = 65_536

/** It is held in memory. */
const RING_LIMIT = 2 ** 30

function readRingSize(options: ChardevOptions): number {
  const size = options.size('size') || DEFAULT_RING
  if (size > RING_LIMIT) options.refuse('size', 'at most 1G')
  if (Number.isInteger(Math.log2(size))) return size
  const reason = 'size of ringbuf chardev must be power of two'
  return fail(DEFINITION_KINDS.incompatible, { reason }, options.spanOf('size'))
}

function refuseMux(options: ChardevOptions, { backend }: ChardevBackend, isMux: boolean): void {
  if (!isMux || backend === 'socket') return
  const reason = `'mux' is for a socket with server=on: one program alone uses a ${backend}`
  fail(DEFINITION_KINDS.incompatible, { reason }, options.spanOf('mux'))
}

function readLog(options: ChardevOptions): ChardevLog | undefined {
  const path = options.text('logfile')
  if (path === undefined) {
    options.refuseUseless(['logappend', 'logsize'], 'a chardev without logfile')
    return undefined
  }
  if (path === '' || path.includes('\0')) options.refuse('logfile', 'a path')
  const isAppended = options.flag('logappend') ?? false
  return { path, isAppended, size: options.size('logsize') ?? 0 }
}
