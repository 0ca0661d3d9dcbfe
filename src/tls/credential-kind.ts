/** What an endpoint proves itself by: certificates, a shared key, nothing. */
export type CredentialKind = 'x509' | 'psk' | 'anon'
