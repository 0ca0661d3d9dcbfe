/** What an endpoint proves itself by: certificates, a shared key, nothing. */
export const CREDENTIAL_KINDS = ['x509', 'psk', 'anon'] as const

/** One of them. */
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number]
