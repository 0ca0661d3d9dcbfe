/** What `query-chardev` calls a chardev: the words of QEMU 7.2. */
import type { ChardevAddress, ChardevDefinition, SocketBackend } from './chardev-definition.ts'

/** The two addresses of a connection. */
export type ConnectedPlaces = {
  readonly local?: { readonly address: string; readonly port: number } | undefined
  readonly remote?: { readonly address: string; readonly port: number } | undefined
}

export type FilenameFacts = {
  /** The port that it listens at, where the system chose it. */
  readonly port?: number | undefined
  /** Of its connection, where it has one. */
  readonly connected?: ConnectedPlaces | undefined
  /** Of a pty. */
  readonly device?: string | undefined
}

/** `disconnected:tcp:127.0.0.1:9000,server=on`, `pty:/dev/pts/3`. */
export function chardevFilename(definition: ChardevDefinition, facts: FilenameFacts): string {
  const { backend } = definition
  if (backend === 'pty') return facts.device === undefined ? 'pty' : `pty:${facts.device}`
  return backend === 'socket' ? socketFilename(definition, facts) : backend
}

function socketFilename(socket: SocketBackend, { port, connected }: FilenameFacts): string {
  const { address, isServer } = socket
  const server = isServer ? ',server=on' : ''
  if (address.kind === 'unix') return `${prefix(connected)}unix:${unixName(address)}${server}`
  if (address.kind === 'fd') return `${prefix(connected)}fd:${address.descriptor}${server}`
  const protocol = protocolOf(socket)
  const { local, remote } = connected ?? {}
  if (!local || !remote) {
    return `disconnected:${protocol}:${address.host}:${port ?? address.port}${server}`
  }
  return `${protocol}:${bracketed(local)}${server} <-> ${bracketed(remote)}`
}

function prefix(connected: ConnectedPlaces | undefined): string {
  return connected ? '' : 'disconnected:'
}

function protocolOf({ isTelnet, isWebsocket }: SocketBackend): string {
  if (isTelnet) return 'telnet'
  return isWebsocket ? 'websocket' : 'tcp'
}

function unixName({
  path,
  isAbstract,
  isTight,
}: Extract<ChardevAddress, { kind: 'unix' }>): string {
  return isAbstract ? `${path},abstract=on,tight=${isTight ? 'on' : 'off'}` : path
}

function bracketed({ address, port }: { address: string; port: number }): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
