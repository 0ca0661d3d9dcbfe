/** What the human monitor tells. */
import {
  isJsonList,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  memberOf,
} from '../protocol/json-value.ts'
import { type HumanCommand, request } from './human-command.ts'

function info(
  what: string,
  command: string,
  summary: string,
  print: (result: JsonObject) => readonly string[],
): HumanCommand {
  return {
    name: `info ${what}`,
    parameters: [],
    summary,
    toRequest: () => request(command),
    print: (result) => lines(print(isJsonObject(result) ? result : { list: result })),
  }
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\r\n`).join('')
}

export const INFO_COMMANDS: readonly HumanCommand[] = [
  info('chardev', 'query-chardev', 'character devices', (all) =>
    membersOf(all).map((one) => `${textOf(one, 'label')}: filename=${textOf(one, 'filename')}`),
  ),
  info('migrate_parameters', 'query-migrate-parameters', 'parameters of migrations', (result) =>
    Object.entries(result).map(([name, value]) => `${name}: ${printValue(value)}${unitOf(name)}`),
  ),
  info('migrate_capabilities', 'query-migrate-capabilities', 'capabilities of migrations', (all) =>
    membersOf(all).map(
      (one) => `${textOf(one, 'capability')}: ${printValue(memberOf(one, 'state'))}`,
    ),
  ),
  info('migrate', 'query-migrate', 'the guest that comes or goes', describeMigration),
  info('block-jobs', 'query-block-jobs', 'jobs on block nodes, of which there are none', () => [
    'No active jobs',
  ]),
  info('status', 'query-status', 'the state of the process', (result) => {
    const status = textOf(result, 'status')
    const isRunning = memberOf(result, 'running') === true
    return [`VM status: ${isRunning ? 'running' : 'paused'}${isRunning ? '' : ` (${status})`}`]
  }),
  info('version', 'query-version', 'the release of the program', (result) => [
    textOf(result, 'package'),
  ]),
  info('name', 'query-name', 'the name of the process', (result) => {
    const name = textOf(result, 'name')
    return name === '' ? [] : [name]
  }),
]

/** The list of a result that is one. */
function membersOf(result: JsonObject): readonly JsonObject[] {
  const list = memberOf(result, 'list')
  return isJsonList(list) ? list.filter(isJsonObject) : []
}

function describeMigration(result: JsonObject): readonly string[] {
  const status = textOf(result, 'status')
  const error = textOf(result, 'error-desc')
  const ram = memberOf(result, 'ram')
  return [
    ...(status === '' ? [] : [`Migration status: ${status}${error === '' ? '' : ` (${error})`}`]),
    ...TIMES.flatMap(([key, label]) => {
      const time = memberOf(result, key)
      return time === undefined ? [] : [`${label}: ${time} ms`]
    }),
    ...(isJsonObject(ram) ? describeRam(ram) : []),
    ...placesOf(result),
  ]
}

const TIMES = [
  ['total-time', 'total time'],
  ['expected-downtime', 'expected downtime'],
  ['downtime', 'downtime'],
  ['setup-time', 'setup'],
] as const

function describeRam(ram: JsonObject): readonly string[] {
  const kibibytes = (name: string) => {
    const bytes = memberOf(ram, name)
    return `${typeof bytes === 'bigint' ? bytes / 1024n : 0n} kbytes`
  }
  const rate = memberOf(ram, 'mbps')
  return [
    `transferred ram: ${kibibytes('transferred')}`,
    `throughput: ${typeof rate === 'number' ? rate.toFixed(2) : '0.00'} mbps`,
    `remaining ram: ${kibibytes('remaining')}`,
    `total ram: ${kibibytes('total')}`,
  ]
}

function placesOf(result: JsonObject): readonly string[] {
  const places = memberOf(result, 'socket-address')
  if (!isJsonList(places)) return []
  const texts = places.filter(isJsonObject).map((place) => {
    const path = textOf(place, 'path')
    return path === '' ? `tcp:${textOf(place, 'host')}:${textOf(place, 'port')}` : `unix:${path}`
  })
  return ['socket address: [', ...texts.map((text) => `\t${text}`), ']']
}

function textOf(object: JsonObject, name: string): string {
  const value = memberOf(object, name)
  return typeof value === 'string' ? value : ''
}

function printValue(value: JsonValue | undefined): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  return value === '' ? "''" : String(value)
}

function unitOf(name: string): string {
  if (name === 'max-bandwidth') return ' bytes/second'
  if (name === 'xbzrle-cache-size') return ' bytes'
  const isTime = ['announce-initial', 'announce-max', 'announce-step', 'downtime-limit']
  return isTime.includes(name) || name === 'x-checkpoint-delay' ? ' ms' : ''
}
