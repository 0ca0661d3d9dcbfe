/** Guests, in the words of the human monitor. */
import { MIGRATION_CAPABILITIES } from '../host/migration-capabilities.ts'
import { MIGRATION_PARAMETERS, type Parameter } from '../host/migration-parameters.ts'
import { QEMU_MIGRATION_STATUSES } from '../host/migration-status.ts'
import type { JsonValue } from '../protocol/json-value.ts'
import { refuseCommand } from '../protocol/qmp-error.ts'
import { type HumanCommand, request } from './human-command.ts'
import { HumanLineError } from './human-line.ts'
import { hasHexSuffix, readHumanSize, readInteger } from './human-number.ts'

export const HUMAN_MIGRATE_COMMANDS: readonly HumanCommand[] = [
  {
    name: 'migrate_set_parameter',
    // Of releases before 2.8, and in instructions to this day.
    aliases: ['migrate_set_str_parameter'],
    parameters: [{ name: 'parameter' }, { name: 'value' }],
    summary: 'set a parameter of migrations: migrate_set_parameter tls-creds tls0',
    toRequest: ({ text }) => {
      const name = text('parameter')
      return request('migrate-set-parameters', { [name]: readParameter(name, text('value')) })
    },
    print: (_, { text }) => warnOfSuffix(text('parameter'), text('value')),
  },
  {
    name: 'migrate_set_capability',
    parameters: [{ name: 'capability' }, { name: 'state' }],
    summary: 'switch a capability of migrations on or off',
    toRequest: ({ text }) => {
      const [capability, state] = [text('capability'), text('state')]
      if (state !== 'on' && state !== 'off') {
        const hint = 'Try "help migrate_set_capability" for more information'
        throw new HumanLineError(`Expected 'on' or 'off'\r\n${hint}\r\n`)
      }
      if (!(MIGRATION_CAPABILITIES as readonly string[]).includes(capability)) {
        refuseCommand(`invalid parameter value: ${capability}`)
      }
      const changes = [{ capability, state: state === 'on' }]
      return request('migrate-set-capabilities', { capabilities: changes })
    },
  },
  {
    name: 'migrate_incoming',
    parameters: [{ name: 'uri', isRest: true }],
    summary: 'wait for a guest',
    toRequest: ({ text }) => request('migrate-incoming', { uri: text('uri') }),
  },
  {
    name: 'migrate_cancel',
    parameters: [],
    summary: 'end the sending of a guest',
    toRequest: () => request('migrate_cancel'),
  },
  {
    name: 'migrate_pause',
    parameters: [],
    summary: 'refused: there is no post-copy',
    toRequest: () => request('migrate-pause'),
  },
  {
    name: 'migrate_recover',
    parameters: [{ name: 'uri' }],
    summary: 'refused: there is no post-copy',
    toRequest: ({ text }) => request('migrate-recover', { uri: text('uri') }),
  },
  {
    name: 'migrate_start_postcopy',
    parameters: [],
    summary: 'refused: there is no post-copy',
    toRequest: () => request('migrate-start-postcopy'),
  },
  {
    name: 'migrate_continue',
    parameters: [{ name: 'state' }],
    summary: 'refused: nothing waits before its switch-over',
    toRequest: ({ text }) => {
      const state = text('state')
      if (!(QEMU_MIGRATION_STATUSES as readonly string[]).includes(state)) {
        refuseCommand(`invalid parameter value: ${state}`)
      }
      return request('migrate-continue', { state })
    },
  },
  {
    name: 'migrate',
    // It never waits, so -d changes nothing.
    flags: ['d', 'p'],
    parameters: [{ name: 'uri' }],
    summary: 'send the stored guest; -p: pass on the one that is waited for',
    toRequest: ({ text, has }) =>
      request('migrate', { uri: text('uri'), ...(has('p') ? { 'x-relay': true } : {}) }),
  },
]

const MEBIBYTE = 2n ** 20n

/** Where there is no unit. That of post-copy is in bytes, as in QEMU. */
const IN_MEBIBYTES: ReadonlySet<string> = new Set(['max-bandwidth', 'avail-switchover-bandwidth'])

function readParameter(name: string, text: string): JsonValue {
  if (!Object.hasOwn(MIGRATION_PARAMETERS, name)) {
    return refuseCommand(`invalid parameter value: ${name}`)
  }
  const { kind }: Parameter = MIGRATION_PARAMETERS[name as keyof typeof MIGRATION_PARAMETERS]
  if (kind === 'text' || kind === 'compression') return text
  if (kind === 'bool') {
    if (text === 'on' || text === 'off') return text === 'on'
    return refuseCommand(`Parameter '${name}' expects 'on' or 'off'`)
  }
  if (kind !== 'size') return readInteger(name, text)
  const size = readHumanSize(text, IN_MEBIBYTES.has(name) ? MEBIBYTE : 1n)
  if (isInvalid(name, size)) refuseCommand(`Invalid size ${text}`)
  if (size === undefined) {
    return refuseCommand(
      `Parameter '${name}' expects a non-negative number below 2^64\r\n${SUFFIXES}`,
    )
  }
  if (size < 2n ** 64n) return size
  return refuseCommand(`Value '${text}' is out of range for parameter '${name}'`)
}

/** QEMU takes a size in hexadecimal with a suffix, and tells that it will not always do so. */
function warnOfSuffix(name: string, text: string): string {
  const { kind }: Parameter = MIGRATION_PARAMETERS[name as keyof typeof MIGRATION_PARAMETERS]
  if (kind !== 'size' || !hasHexSuffix(text)) return ''
  return `warning: Using a multiplier suffix on hex numbers is deprecated: ${text}\r\n`
}

/** What QEMU reads itself: rates, and of a cache only what is a size at all. */
function isInvalid(name: string, size: bigint | undefined): boolean {
  if (name === 'max-bandwidth') return size === undefined || size >= 2n ** 63n
  return name === 'xbzrle-cache-size' && size !== undefined && size >= 2n ** 63n && size < 2n ** 64n
}

const SUFFIXES =
  'Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\r\nand exabytes, respectively.'
