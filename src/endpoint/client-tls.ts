/** Whether and how the client's side of an endpoint wants TLS. */
import type { TlsCredentials } from '../tls/credentials/credentials.ts'

export type ClientTls =
  | { readonly mode: 'off' }
  | {
      /** `optional` goes on in clear where the server has no TLS; `required` never does. */
      readonly mode: 'optional' | 'required'
      readonly credentials: Pick<TlsCredentials, 'connect'>
      /** The name that the certificate of the server has to bear. */
      readonly hostname?: string
    }
