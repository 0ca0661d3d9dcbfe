/** Where the NBD server listens, in the words of the human monitor: HOST:PORT, unix:PATH and the like. */
import type { JsonObject } from '../protocol/json-value.ts'
import { refuseCommand } from '../protocol/qmp-error.ts'

/** @returns a SocketAddressLegacy. @throws QmpError */
export function readListeningAddress(text: string): JsonObject {
  const [, kind = '', rest = text] = /^(unix|fd|vsock|tcp):(.*)/s.exec(text) ?? []
  switch (kind) {
    case 'unix':
      if (rest === '') refuseCommand('invalid Unix socket address')
      return { type: 'unix', data: { path: rest } }
    case 'fd':
      if (rest === '') refuseCommand('invalid file descriptor address')
      return { type: 'fd', data: { str: rest } }
    case 'vsock': {
      const [cid = '', port = ''] = rest.split(':')
      return { type: 'vsock', data: { cid, port } }
    }
    default:
      return { type: 'inet', data: readInet(rest) }
  }
}

/** What cannot be read, by the first character of an address. */
const WANTED: Readonly<Record<string, string>> = { '[': 'IPv6 address', ':': 'port in address' }

function readInet(text: string): JsonObject {
  const [, inBrackets, plain, port, options = ''] =
    /^(?:\[([^\]]*)\]|([^:]*)):([^,]+)(.*)$/s.exec(text) ?? []
  if (port === undefined) {
    return refuseCommand(`error parsing ${WANTED[text.charAt(0)] ?? 'address'} '${text}'`)
  }
  return { host: inBrackets ?? plain ?? '', port, ...readOptions(options) }
}

/** `,to=PORT,ipv4=on,ipv6`. QEMU leaves out what it does not know. */
function readOptions(text: string): JsonObject {
  const options: Record<string, bigint | boolean> = {}
  for (const option of text.split(',').slice(1)) {
    const [name = '', value] = option.split('=')
    if (name === 'to') options.to = readPort(value ?? '')
    else if (name === 'ipv4' || name === 'ipv6') options[name] = readFlag(name, value)
    else refuseCommand(`there is no option '${name}' of an address: known are to, ipv4 and ipv6`)
  }
  return options
}

function readPort(text: string): bigint {
  const isPort = /^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535
  return isPort ? BigInt(text) : refuseCommand('error parsing to= argument')
}

function readFlag(name: string, value = 'on'): boolean {
  if (value !== 'on' && value !== 'off') refuseCommand(`error parsing '${name}' flag '=${value}'`)
  return value === 'on'
}
