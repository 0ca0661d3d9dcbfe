/** Credentials as of one load: all that a handshake needs, which is never changed, only replaced. */
import type { SecureContext } from 'node:tls'
import type { TlsRole } from '../../algorithms/tls-role.ts'
import type { Certificate } from '../../x509/certificate.ts'
import type { RevocationList } from '../../x509/revocation-list.ts'
import type { TlsSettings } from '../tls-options.ts'
import type { SharedKey, SharedKeyFile } from './shared-keys.ts'

type GenerationBase = {
  readonly endpoint: TlsRole
  readonly verifyPeer: boolean
  readonly settings: TlsSettings
} & EndpointContext

export type EndpointContext = {
  /** Made once: building it costs more than a handshake. */
  readonly context: SecureContext
  /** Whether OpenSSL verifies chains in the handshake, which strangers can make expensive. */
  readonly isVerifiedByOpenssl: boolean
  /** Whether a session of TLS 1.3 begins with session tickets, although none can be redeemed. */
  readonly sendsTickets: boolean
}

export type X509Generation = GenerationBase & {
  readonly kind: 'x509'
  /** What is shown to peers: certificates and those between them and their authorities. */
  readonly ownCertificates: readonly Certificate[]
  /** The authorities to which the chain of a peer may lead. */
  readonly authorities: readonly Certificate[]
  readonly revocationLists: readonly RevocationList[]
}

type PskGeneration = GenerationBase & {
  readonly kind: 'psk'
  /** Of a client. */
  readonly key?: SharedKey
  /** Of a server. */
  readonly keys?: SharedKeyFile
}

type AnonGeneration = GenerationBase & { readonly kind: 'anon' }

export type CredentialsGeneration = X509Generation | PskGeneration | AnonGeneration
