/**
 * Recorded conversations with real servers, as readable hex: what either side sent, in turn. A line of
 * `#` tells of the server, `= ` what the audit made of it, `> ` and `< ` are bytes to and from the server.
 */
import type { ClearExchange } from '../../src/audit/connection/clear-exchange.ts'
import { ExchangeEnded } from '../../src/audit/connection/failure.ts'

type Turn = { readonly side: '>' | '<'; readonly bytes: Buffer }

export type Flow = {
  /** The server and its version. */
  readonly server: string
  /** What the audit made of it, as JSON. */
  readonly result: unknown
  readonly turns: readonly Turn[]
}

const ROW = 16

export function printFlow({ server, result, turns }: Flow): string {
  const lines = turns.flatMap(({ side, bytes }) =>
    Array.from({ length: Math.ceil(bytes.length / ROW) }, (_, row) =>
      printRow(side, bytes.subarray(row * ROW, (row + 1) * ROW)),
    ),
  )
  return `${[`# ${server}`, `= ${JSON.stringify(result)}`, ...lines].join('\n')}\n`
}

function printRow(side: string, bytes: Buffer): string {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
  const text = bytes.toString('latin1').replace(/[^\x20-\x7e]/g, '.')
  return `${side} ${hex.padEnd(ROW * 3 - 1)}  |${text}|`
}

export function parseFlow(text: string): Flow {
  const lines = text.trimEnd().split('\n')
  const rest = (mark: string) => lines.find((line) => line.startsWith(mark))?.slice(2) ?? ''
  const turns: { side: '>' | '<'; bytes: Buffer }[] = []
  for (const line of lines) {
    const [, side, hex = ''] = /^([<>]) ((?:[0-9a-f]{2} )*[0-9a-f]{2}) /.exec(line) ?? []
    if (side !== '>' && side !== '<') continue
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
    const last = turns.at(-1)
    if (last?.side === side) last.bytes = Buffer.concat([last.bytes, bytes])
    else turns.push({ side, bytes })
  }
  return { server: rest('# '), result: JSON.parse(rest('= ')), turns }
}

/** A server that says what was recorded, and holds the client to what it said then. */
export function replay({ turns }: Flow): ClearExchange & { readonly unread: () => number } {
  const left = turns.map(({ side, bytes }) => ({ side, bytes }))
  const take = (side: '>' | '<', length: number): Buffer | undefined => {
    const [turn] = left
    if (turn?.side !== side || turn.bytes.length < length) return undefined
    const bytes = turn.bytes.subarray(0, length)
    turn.bytes = turn.bytes.subarray(length)
    if (turn.bytes.length === 0) left.shift()
    return bytes
  }
  return {
    read: async (length) => {
      if (length === 0) return Buffer.alloc(0)
      return take('<', length) ?? fail()
    },
    write: async (bytes) => {
      const expected = take('>', bytes.length)
      if (!expected?.equals(bytes)) throw new Error(`the client sent ${bytes.toString('hex')}`)
    },
    random: noRandom,
    unread: () => left.length,
  }
}

/** No upgrade says anything by chance. */
function noRandom(): never {
  throw new Error('an upgrade asks for random bytes')
}

function fail(): never {
  throw new ExchangeEnded('closed')
}

/** A server that sends these bytes, whatever it is told. */
export function replayBytes(bytes: Buffer): ClearExchange {
  let at = 0
  return {
    read: async (length) => {
      if (length > bytes.length - at) fail()
      at += length
      return Buffer.from(bytes.subarray(at - length, at))
    },
    write: async () => {},
    random: noRandom,
  }
}

/** Goes on to a server, and keeps all that is said. */
export function record(exchange: ClearExchange): {
  readonly exchange: ClearExchange
  readonly turns: readonly Turn[]
} {
  const turns: { side: '>' | '<'; bytes: Buffer }[] = []
  const keep = (side: '>' | '<', bytes: Buffer): void => {
    const last = turns.at(-1)
    if (last?.side === side) last.bytes = Buffer.concat([last.bytes, bytes])
    else turns.push({ side, bytes: Buffer.from(bytes) })
  }
  return {
    turns,
    exchange: {
      read: async (length) => {
        const bytes = await exchange.read(length)
        keep('<', bytes)
        return bytes
      },
      random: (length) => exchange.random(length),
      write: (bytes) => {
        keep('>', bytes)
        return exchange.write(bytes)
      },
    },
  }
}
