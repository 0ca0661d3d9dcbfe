/** What standards and programs call groups and versions besides the names in our tables. */

/** NIST's names (SP 800-186), those of X9.62 and of SSH; the values are names of the IANA registry. */
const CURVES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'p-192': 'secp192r1',
    prime192v1: 'secp192r1',
    'p-224': 'secp224r1',
    'p-256': 'secp256r1',
    p256: 'secp256r1',
    prime256v1: 'secp256r1',
    nistp256: 'secp256r1',
    'p-384': 'secp384r1',
    p384: 'secp384r1',
    nistp384: 'secp384r1',
    'p-521': 'secp521r1',
    p521: 'secp521r1',
    nistp521: 'secp521r1',
    curve25519: 'x25519',
    curve448: 'x448',
  }),
)

/** `P-256` is `secp256r1`; a name that is no other name stays. */
export function registeredGroupName(name: string): string {
  return CURVES.get(name.toLowerCase()) ?? name
}

/** `TLSv1.3` is `TLS1.3`, and `TLSv1`, `SSLv3` and `DTLSv1` end in `.0`; another name stays. */
export function tableVersionName(name: string): string {
  const [, family, version, minor] = /^(TLS|SSL|DTLS)[ v]?(\d)(\.\d)?$/i.exec(name) ?? []
  return family === undefined ? name : `${family.toUpperCase()}${version}${minor ?? '.0'}`
}
