/** What a monitor sends: the greeting, replies, errors, events. */
import type { JsonObject, JsonValue } from './json-value.ts'
import { printJsonValue } from './print-json.ts'
import type { QmpError } from './qmp-error.ts'

type Id = { readonly id?: JsonValue }

/** Ends as QEMU ends its lines. */
function printMessage(message: JsonObject): string {
  return `${printJsonValue(message)}\r\n`
}

/** @param version As `query-version` tells it. */
export function printGreeting(version: JsonObject, capabilities: readonly string[]): string {
  return printMessage({ QMP: { version, capabilities } })
}

export function printReturn(result: JsonValue, id: Id): string {
  return printMessage({ return: result, ...id })
}

export function printError({ errorClass, message }: QmpError, id: Id): string {
  return printMessage({ ...id, error: { class: errorClass, desc: message } })
}

/** @param at In microseconds since 1970. */
export function printQmpEvent(event: string, data: JsonObject | undefined, at: number): string {
  const timestamp = {
    seconds: BigInt(Math.floor(at / 1_000_000)),
    microseconds: BigInt(Math.floor(at % 1_000_000)),
  }
  return printMessage({ timestamp, event, ...(data ? { data } : {}) })
}
