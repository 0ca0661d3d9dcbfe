/** What a client sends: `{"execute": NAME, "arguments": {...}, "id": ANY}`. */
import { isJsonObject, type JsonObject, type JsonValue, memberOf } from './json-value.ts'
import { refuseCommand } from './qmp-error.ts'

export type QmpRequest = {
  readonly command: string
  readonly arguments: JsonObject
  /** Executed at once, though others wait. */
  readonly isOutOfBand: boolean
}

/**
 * @param allowsOutOfBand Whether the client has asked for that.
 * @throws QmpError
 */
export function readQmpRequest(value: JsonValue, allowsOutOfBand: boolean): QmpRequest {
  if (!isJsonObject(value)) return refuseCommand('QMP input must be a JSON object')
  for (const name of Object.keys(value)) checkMember(value, name, allowsOutOfBand)
  const execute = memberOf(value, 'execute')
  const command = execute ?? memberOf(value, 'exec-oob')
  if (typeof command !== 'string') return refuseCommand("QMP input lacks member 'execute'")
  const given = memberOf(value, 'arguments')
  const isOutOfBand = execute === undefined
  return { command, arguments: isJsonObject(given) ? given : {}, isOutOfBand }
}

function checkMember(request: JsonObject, name: string, allowsOutOfBand: boolean): void {
  const value = request[name] ?? null
  if (name === 'execute' || (name === 'exec-oob' && allowsOutOfBand)) {
    if (typeof value !== 'string') {
      refuseCommand(`QMP input member '${name}' must be a string`)
    }
    const other = name === 'execute' ? 'exec-oob' : 'execute'
    if (allowsOutOfBand && memberOf(request, other) !== undefined) {
      refuseCommand(`QMP input member '${name}' clashes with '${other}'`)
    }
  } else if (name === 'arguments') {
    if (!isJsonObject(value)) refuseCommand("QMP input member 'arguments' must be an object")
  } else if (name !== 'id') refuseCommand(`QMP input member '${name}' is unexpected`)
}

/** The id of a request, even of one that is wrong. */
export function idOf(value: JsonValue): { readonly id?: JsonValue } {
  const id = isJsonObject(value) ? memberOf(value, 'id') : undefined
  return id === undefined ? {} : { id }
}
