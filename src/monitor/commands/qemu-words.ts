/** What objects and endpoints refuse, in the words of QEMU where it has the same refusal. */
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import { type JsonObject, type JsonValue, memberOf } from '../protocol/json-value.ts'
import type { QmpRequest } from '../protocol/request.ts'

/** @param request What the refusals are the answer to: it has the ids and names. */
export function describeInQemuWords(
  diagnostics: readonly Diagnostic[],
  { arguments: args }: Pick<QmpRequest, 'arguments'>,
): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  return errors.map((diagnostic) => describe(diagnostic, args)).join('; ')
}

function describe({ code, message }: Diagnostic, args: JsonObject): string {
  const words = Object.hasOwn(WORDS, code) ? WORDS[code] : undefined
  const argument = (name: string) => text(memberOf(args, name))
  return words?.(argument, message) ?? withoutObject(message, argument)
}

/** Messages begin with the object that they are about; the client has just named it. */
function withoutObject(message: string, argument: (name: string) => string | undefined): string {
  const prefix = `${argument('qom-type') ?? ''} ${argument('id') ?? ''}: `
  return message.startsWith(prefix)
    ? withoutObject(message.slice(prefix.length), argument)
    : message
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Undefined where the arguments do not say enough. */
type Words = (argument: (name: string) => string | undefined, message: string) => string | undefined

const WORDS: Readonly<Record<string, Words>> = {
  OBJECT_DUPLICATE_ID: (argument) =>
    `attempt to add duplicate property '${argument('id') ?? ''}' to object (type 'container')`,
  OBJECT_NOT_FOUND: (_, message) => {
    const [, id] = /^there is no TLS credentials .*`(.*)`$/s.exec(message) ?? []
    return id === undefined ? undefined : `No TLS credentials with id '${id}'`
  },
  OBJECT_WRONG_TYPE: (_, message) => {
    const [, id] = /^the object `(.*)` is .*not TLS credentials$/s.exec(message) ?? []
    return id === undefined ? undefined : `Object with id '${id}' is not TLS credentials`
  },
  OBJECT_WRONG_ENDPOINT: (_, message) =>
    `Expected TLS credentials for a ${message.includes('a server needs') ? 'server' : 'client'} endpoint`,
  OBJECT_MISSING_PROPERTY: (argument, message) => {
    const [, name] = /has no property `([^`]+)`/.exec(message) ?? []
    const isSecret = argument('qom-type') === 'secret' && name === 'file'
    if (isSecret) return "Either 'file' or 'data' must be provided"
    return name === undefined ? undefined : `Missing '${name}' property value`
  },
  NBD_EXPORT_IN_USE: (argument) =>
    `export '${argument('id') ?? argument('name') ?? ''}' still in use`,
  OBJECT_MISSING_USER: (argument, message) => {
    const [, path] = /: (.*) has no key for the user/s.exec(message) ?? []
    return path && `Username ${argument('username') ?? ''} not found in PSK file ${path}`
  },
  FILE_MISSING: (_, message) => {
    // The configuration of priorities is a file of no object.
    const [, type = '', path = ''] =
      /^(tls-creds-\S+|secret) \S+: .*?(\/.*) does not exist$/s.exec(message) ?? []
    if (type === 'secret') {
      return `Unable to read ${path}: Failed to open file “${path}”: No such file or directory`
    }
    return type ? `Unable to access credentials ${path}: No such file or directory` : undefined
  },
}
