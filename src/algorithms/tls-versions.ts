/** Versions of TLS and DTLS with their wire numbers (RFC 8446 section 4.2.1, RFC 9147). */

export type TlsTransport = 'stream' | 'datagram'

/** How a version negotiates signatures: by hash and key type, or by TLS 1.3 schemes. */
export type SignatureSemantics = 'tls1.2' | 'tls1.3'

export type TlsVersion = {
  /** The name that policies and GnuTLS use. */
  readonly name: string
  /** What the wire carries; DTLS 0.9 is the number of a draft that OpenSSL 0.9.8 spoke. */
  readonly number: number
  readonly transport: TlsTransport
  readonly signatures: SignatureSemantics
}

/** From oldest to newest within a transport: "at least" and "at most" are read off this order. */
export const TLS_VERSIONS = [
  { name: 'SSL3.0', number: 0x0300, transport: 'stream', signatures: 'tls1.2' },
  { name: 'TLS1.0', number: 0x0301, transport: 'stream', signatures: 'tls1.2' },
  { name: 'TLS1.1', number: 0x0302, transport: 'stream', signatures: 'tls1.2' },
  { name: 'TLS1.2', number: 0x0303, transport: 'stream', signatures: 'tls1.2' },
  { name: 'TLS1.3', number: 0x0304, transport: 'stream', signatures: 'tls1.3' },
  { name: 'DTLS0.9', number: 0x0100, transport: 'datagram', signatures: 'tls1.2' },
  { name: 'DTLS1.0', number: 0xfeff, transport: 'datagram', signatures: 'tls1.2' },
  { name: 'DTLS1.2', number: 0xfefd, transport: 'datagram', signatures: 'tls1.2' },
] as const satisfies readonly TlsVersion[]

export type TlsVersionName = (typeof TLS_VERSIONS)[number]['name']

const ages = new Map<string, number>(TLS_VERSIONS.map((version, age) => [version.name, age]))

/** Grows with the version within a transport; values of different transports do not compare. */
export function versionAge(name: TlsVersionName): number {
  return ages.get(name) as number
}

const TLS_1_2 = 0x0303

/** Of versions over streams: those before TLS 1.2, whose hashes and signatures are fixed. */
export function isBeforeTls12({ number }: TlsVersion): boolean {
  return number < TLS_1_2
}

/** Whether TLS 1.3 is among them. */
export function includesTls13(versions: readonly Pick<TlsVersion, 'name'>[]): boolean {
  return versions.some(({ name }) => name === 'TLS1.3')
}
