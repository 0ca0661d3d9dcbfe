/** TLS of a socket chardev. The credentials decide which side of TLS this is, not which side connects. */
import type { Duplex } from 'node:stream'
import { fail } from '../../diagnostics/diagnostic.ts'
import { handshakeTimeout } from '../../endpoint/handshake-limit.ts'
import { findSecurity, type Secure } from '../../endpoint/security.ts'
import type { TlsPeer } from '../../tls/credentials/tls-session.ts'
import type { TlsObjects } from '../../tls/objects/tls-objects.ts'
import { CHARDEV_KINDS } from '../chardev-diagnostics.ts'
import type { SocketBackend } from '../definition/chardev-definition.ts'

export type SocketSecurity = {
  /** Undefined for a socket in clear. */
  readonly secure?: Secure
  /** Whether a peer may write to a chardev that several share. */
  readonly mayWrite: (peer: TlsPeer | undefined) => boolean
  /** To be called when the socket is closed: until then its objects are in use. */
  readonly release: () => void
}

type Named = SocketBackend & { readonly id: string }

/**
 * @param handshakeLimit In seconds; 0 for no limit.
 * @throws DiagnosticError OBJECT_..., CHARDEV_HOSTNAME_MISSING, CHARDEV_UNUSABLE
 */
export function findSocketSecurity(
  objects: TlsObjects,
  socket: Named,
  handshakeLimit: number,
): SocketSecurity {
  const { credentials: id } = socket
  if (id === undefined) return { mayWrite: () => true, release: () => {} }
  return objects.endpointOf(id) === 'server'
    ? asTlsServer(objects, id, socket, handshakeLimit)
    : asTlsClient(objects, id, socket, handshakeLimit)
}

function asTlsServer(
  objects: TlsObjects,
  id: string,
  socket: Named,
  handshakeLimit: number,
): SocketSecurity {
  const { authorization, hostname, writerAuthorization } = socket
  if (hostname !== undefined) {
    refuse(socket, 'tls-hostname is for credentials with endpoint=client: it names a server')
  }
  const writers =
    writerAuthorization === undefined ? undefined : objects.authorization(writerAuthorization)
  if (writers) objects.credentials(id, 'server').checkAuthorization(writers)
  // The last step that can fail: from here on, the objects are held.
  const security = findSecurity(objects, { credentials: id, authorization, handshakeLimit })
  const letGo = writers ? objects.hold(writers.id) : () => {}
  return {
    secure: security.secure,
    mayWrite: (peer) =>
      !writers || (peer?.certificate !== undefined && writers.decide(peer.certificate).allowed),
    release: () => {
      letGo()
      security.release?.()
    },
  }
}

function asTlsClient(
  objects: TlsObjects,
  id: string,
  socket: Named,
  handshakeLimit: number,
): SocketSecurity {
  if (socket.authorization !== undefined || socket.writerAuthorization !== undefined) {
    refuse(socket, 'tls-authz and writer-authz decide about clients of TLS; use tls-hostname')
  }
  const credentials = objects.credentials(id, 'client')
  const hostname = expectedName(socket)
  if (credentials.kind === 'x509' && credentials.verifyPeer && hostname === undefined) {
    fail(CHARDEV_KINDS.noName, { id: socket.id })
  }
  const timeout = handshakeTimeout(handshakeLimit)
  return {
    secure: (connection: Duplex) => credentials.connect(connection, { hostname, timeout }),
    mayWrite: () => true,
    release: objects.hold(id),
  }
}

/** One that connects knows the host that it asked for. */
function expectedName({ hostname, address, isServer }: Named): string | undefined {
  if (hostname) return hostname
  return address.kind === 'inet' && !isServer && address.host !== '' ? address.host : undefined
}

function refuse({ id }: Named, reason: string): never {
  return fail(CHARDEV_KINDS.unusable, { what: `chardev ${id}`, reason })
}
