/** The two sides of a TLS session. */
export type TlsRole = 'server' | 'client'
