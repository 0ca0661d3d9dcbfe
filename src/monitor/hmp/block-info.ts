/** `info block` of the human monitor, as QEMU 7.2 prints it. */
import {
  isJsonList,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  memberOf,
} from '../protocol/json-value.ts'
import { type HumanCommand, type HumanValues, request } from './human-command.ts'

export const BLOCK_INFO: HumanCommand = {
  name: 'info block',
  flags: ['n', 'v'],
  parameters: [{ name: 'device', isOptional: true }],
  summary:
    'block devices, of which there are none; -n and a name show block nodes, -v shows details',
  toRequest: ({ has, optional }) => {
    const isOfNodes = has('n') || optional('device') !== undefined
    return request(isOfNodes ? 'query-named-block-nodes' : 'query-block')
  },
  print: (result, values) => printNodes(isJsonList(result) ? result : [], values),
}

/** What is not the first of all stands behind an empty line, also where nothing was printed before it. */
function printNodes(nodes: readonly JsonValue[], { has, optional }: HumanValues): string {
  const wanted = optional('device')
  const lines = nodes.filter(isJsonObject).flatMap((node, index) => {
    if (wanted !== undefined && textOf(node, 'node-name') !== wanted) return []
    return [...(index > 0 ? [''] : []), ...describeNode(node), ...(has('v') ? details(node) : [])]
  })
  return lines.map((line) => `${line}\r\n`).join('')
}

function describeNode(node: JsonObject): readonly string[] {
  const [name, file, driver] = ['node-name', 'file', 'drv'].map((key) => textOf(node, key))
  const zeroes = textOf(node, 'detect_zeroes')
  return [
    `${name}: ${file} (${driver}${memberOf(node, 'ro') === true ? ', read-only' : ''})`,
    `    Cache mode:       ${cacheMode(memberOf(node, 'cache'))}`,
    ...(zeroes === 'off' ? [] : [`    Detect zeroes:    ${zeroes}`]),
  ]
}

function cacheMode(cache: JsonValue | undefined): string {
  const is = (name: string) => isJsonObject(cache) && memberOf(cache, name) === true
  return [
    is('writeback') ? 'writeback' : 'writethrough',
    ...(is('direct') ? ['direct'] : []),
    ...(is('no-flush') ? ['ignore flushes'] : []),
  ].join(', ')
}

function details(node: JsonObject): readonly string[] {
  const image = memberOf(node, 'image')
  if (!isJsonObject(image)) return []
  const size = numberOf(image, 'virtual-size') ?? 0
  const onDisk = numberOf(image, 'actual-size')
  return [
    '',
    'Images:',
    `image: ${textOf(image, 'filename')}`,
    `file format: ${textOf(image, 'format')}`,
    `virtual size: ${printSize(size)} (${size} bytes)`,
    `disk size: ${onDisk === undefined ? 'unavailable' : printSize(onDisk)}`,
  ]
}

const UNITS = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/** In the next unit from 1000 on. */
function printSize(bytes: number): string {
  const power = UNITS.findIndex((_, index) => bytes < 1000 * 1024 ** index)
  return `${printThreeDigits(bytes / 1024 ** power)} ${UNITS[power]}B`
}

/** As `%.3g` of C prints it: what lies in the middle is rounded to the even digit, and 1000 has an exponent. */
function printThreeDigits(value: number): string {
  // A zero before the point is none of the three.
  const scale = 10 ** (3 - (value < 1 ? 0 : String(Math.trunc(value)).length))
  const below = Math.floor(value * scale)
  const rest = value * scale - below
  const isUp = rest > 0.5 || (rest === 0.5 && below % 2 === 1)
  const rounded = (isUp ? below + 1 : below) / scale
  return rounded === 1000 ? '1e+03' : String(rounded)
}

function textOf(object: JsonObject, name: string): string {
  const value = memberOf(object, name)
  return typeof value === 'string' ? value : ''
}

function numberOf(object: JsonObject, name: string): number | undefined {
  const value = memberOf(object, name)
  return typeof value === 'bigint' ? Number(value) : undefined
}
