/** The authorities that options of node:tls trust, for our own check of a chain in place of OpenSSL's. */
import tls, { type SecureContextOptions, type TlsOptions } from 'node:tls'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { type Certificate, parseCertificates } from '../x509/certificate.ts'
import { isSelfIssued } from '../x509/issuer.ts'

export type TrustOptions = SecureContextOptions & Pick<TlsOptions, 'SNICallback' | 'ticketKeys'>

/**
 * Other sources of trust, or of its end, which node:tls hands to OpenSSL in its own way. The last two let
 * clients resume sessions, which OpenSSL keeps with its verdict and without the chain.
 */
const KNOWN_TO_OPENSSL_ALONE = [
  ...(['pfx', 'crl', 'SNICallback', 'ticketKeys', 'sessionIdContext'] as const),
]

/**
 * The authorities that the options name, or those of Node.js where they name none; undefined where OpenSSL
 * alone knows who is trusted.
 */
export function trustedAuthorities(options: TrustOptions): readonly Certificate[] | undefined {
  if (KNOWN_TO_OPENSSL_ALONE.some((key) => options[key] !== undefined)) return undefined
  const authorities = options.ca ? parseAll(options.ca) : defaultAuthorities()
  // OpenSSL does not end a way at an authority below another, unless it is told to.
  const canEndWays = options.allowPartialTrustChain || authorities?.every(isSelfIssued)
  return canEndWays ? authorities : undefined
}

function parseAll(ca: NonNullable<TrustOptions['ca']>): readonly Certificate[] | undefined {
  const texts = [ca].flat().map((item) => (typeof item === 'string' ? item : decode(item)))
  const authorities: Certificate[] = []
  for (const text of texts) {
    const parsed = tryParse(text)
    // In a block of another name OpenSSL may know a certificate.
    if (!parsed || parsed.length !== text.match(/-----BEGIN /g)?.length) return undefined
    authorities.push(...parsed)
  }
  return authorities
}

function decode(bytes: NodeJS.ArrayBufferView): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

/** What is no certificate for us is left to OpenSSL, which says what is wrong with it. */
function tryParse(text: string): readonly Certificate[] | undefined {
  try {
    return parseCertificates({ name: 'ca', text })
  } catch (error) {
    if (error instanceof DiagnosticError) return undefined
    throw error
  }
}

let parsedDefault:
  | { readonly texts: readonly string[]; readonly authorities: readonly Certificate[] | undefined }
  | undefined

/** Parsed once: there are 150 of them. */
function defaultAuthorities(): readonly Certificate[] | undefined {
  const texts = tls.getCACertificates('default')
  const [known] = tls.getCACertificates('bundled')
  // Without them OpenSSL looks into files and folders of its own, or a program has replaced them.
  if (known === undefined || !texts.includes(known)) return undefined
  if (parsedDefault?.texts !== texts) parsedDefault = { texts, authorities: parseAll([...texts]) }
  return parsedDefault.authorities
}
