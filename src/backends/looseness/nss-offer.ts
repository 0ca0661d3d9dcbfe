/**
 * What NSS offers under the file that the back-end writes (lib/pk11wrap/pk11pars.c): everything that it has and whose
 * words stand there. Each turn was tried with a client of it.
 */
import type { GroupName } from '../../algorithms/group.ts'
import { exchangeKind } from '../../algorithms/handshake-needs.ts'
import { type ProtocolFamily, type ProtocolName, versionsOf } from '../../algorithms/protocol.ts'
import type { SignatureName } from '../../algorithms/signature.ts'
import { canNegotiate, TLS_SUITES, type TlsSuite } from '../../algorithms/tls-suites.ts'
import { TLS_VERSIONS } from '../../algorithms/tls-versions.ts'
import { wordsOfOfferedSuite } from '../../priority/convert/nss.ts'
import { isSince, type NssRelease } from '../../priority/library-releases.ts'
import type { LibraryOffer } from './kept.ts'

const VERSIONS: readonly ProtocolName[] = [
  ...(['TLS1.3', 'TLS1.2', 'TLS1.1', 'TLS1.0', 'SSL3.0'] as const),
  ...(['DTLS1.2', 'DTLS1.0'] as const),
]

const FFDHE: readonly GroupName[] = [
  ...(['FFDHE-2048', 'FFDHE-3072', 'FFDHE-4096', 'FFDHE-6144', 'FFDHE-8192'] as const),
]

/** The hash of each, and the words for its key; with RSA-PSS NSS has ordinary RSA keys alone. */
const KEYS = {
  RSA: ['RSA-PKCS'],
  'RSA-PSS-RSAE': ['RSA-PSS', 'RSA-PKCS'],
  ECDSA: ['ECDSA'],
  DSA: ['DSA'],
} as const

const HASHES = {
  SHA1: 'SHA1',
  'SHA2-256': 'SHA256',
  'SHA2-384': 'SHA384',
  'SHA2-512': 'SHA512',
} as const

type Key = keyof typeof KEYS
type Hash = keyof typeof HASHES
type Pair = { readonly name: SignatureName; readonly words: readonly string[] }

/** Since 3.132. A policy's combined signatures bring the words along. */
const LATTICES: readonly Pair[] = [
  { name: 'MLDSA44', words: ['ML-DSA-44'] },
  { name: 'MLDSA65', words: ['ML-DSA-65'] },
  { name: 'MLDSA87', words: ['ML-DSA-87'] },
]

const PAIRS: readonly Pair[] = (Object.keys(KEYS) as Key[]).flatMap((key) =>
  (Object.keys(HASHES) as Hash[])
    .filter((hash) => key !== 'RSA-PSS-RSAE' || hash !== 'SHA1')
    .map((hash) => ({ name: `${key}-${hash}`, words: [...KEYS[key], HASHES[hash]] })),
)

/** @param text of the file. Of groups those for which NSS has no words. */
export function readNssOffer(text: string, release: NssRelease): LibraryOffer {
  const words = readWords(text)
  const pairs = isSince(release, '3.132') ? [...PAIRS, ...LATTICES] : PAIRS
  const signatures = pairs
    .filter((pair) =>
      pair.words.every(
        (word) => words.has(`${word}/ssl-key-exchange`) && words.has(`${word}/signature`),
      ),
    )
    .map(({ name }) => name)
  const families = (['tls', 'dtls'] as const).map((family) => offerOf(family, words, signatures))
  const versions = families.flatMap((family) => family.versions)
  return {
    versions,
    suites: families.flatMap(({ suites }) => suites),
    groups: versions.includes('TLS1.3') ? [...FFDHE, ...hybridOf(release)] : [],
    signatures: signatures.filter((signature) => versions.some((name) => isNamed(signature, name))),
  }
}

/** Once a suite is left, the whole range is offered, with versions that have none. */
function offerOf(
  family: ProtocolFamily,
  words: ReadonlySet<string>,
  signatures: readonly SignatureName[],
): Pick<LibraryOffer, 'versions' | 'suites'> {
  const range = rangeOf(family, words)
  const suites = TLS_SUITES.filter((suite) => {
    const needed = wordsOfOfferedSuite(suite)
    const isAllowed = needed?.every((word) => words.has(word)) && hasCurve(suite, words)
    return isAllowed && range.some((name) => isOf(suite, name))
  })
  const isSigned = range.some((name) => signatures.some((signature) => canSign(signature, name)))
  const isSigning = range.some((name) => /[23]$/.test(name))
  const isIdle = suites.length === 0 || (isSigning && !isSigned)
  const versions = range.filter((name) => name !== 'SSL3.0' || suites.some(isOfSsl3))
  return isIdle ? { versions: [], suites: [] } : { versions, suites }
}

const CURVES = ['SECP256R1', 'SECP384R1', 'SECP521R1', 'CURVE25519']

function hasCurve(suite: TlsSuite, words: ReadonlySet<string>): boolean {
  return (
    exchangeKind(suite) !== 'curve' || CURVES.some((name) => words.has(`${name}/ssl-key-exchange`))
  )
}

/** SSL 3.0, which a program has to ask for, has the suites of TLS 1.0 without those on curves. */
function isOfSsl3(suite: TlsSuite): boolean {
  return suite.minimum === 'TLS1.0' && exchangeKind(suite) !== 'curve'
}

/** Its word counts from 3.132 on, and the releases before that have the group offer it always. */
function hybridOf(release: NssRelease): readonly GroupName[] {
  return isSince(release, '3.110') && !isSince(release, '3.132') ? ['MLKEM768-X25519'] : []
}

/** TLS 1.3 signs with neither of these; a client names the second for certificates. */
function canSign(signature: SignatureName, version: ProtocolName): boolean {
  return isNamed(signature, version) && !(version === 'TLS1.3' && /^RSA-SHA/.test(signature))
}

function isNamed(signature: SignatureName, version: ProtocolName): boolean {
  const isNew = signature.startsWith('MLDSA')
  return version === 'TLS1.3' ? !signature.startsWith('DSA-') : version.endsWith('1.2') && !isNew
}

function rangeOf(family: ProtocolFamily, words: ReadonlySet<string>): readonly ProtocolName[] {
  const order = versionsOf(family, VERSIONS)
  const lowest = order.findIndex((name) => words.has(`${family}-version-min=${name.toLowerCase()}`))
  if (words.has(`${family}-version-min=65535`)) return []
  return lowest < 0 ? order : order.slice(0, lowest + 1)
}

function isOf(suite: TlsSuite, name: ProtocolName): boolean {
  const version = TLS_VERSIONS.find((one) => one.name === name)
  return version !== undefined && canNegotiate(suite, version)
}

const USES: Readonly<Record<string, readonly string[]>> = {
  'all-signature': ['signature'],
  all: ['ssl', 'ssl-key-exchange', 'signature'],
}

/** `SHA256/signature` for each use that is allowed; a name alone is allowed for all. */
function readWords(text: string): ReadonlySet<string> {
  const list = /allow=([^"]*)"/.exec(text.replace('disallow=ALL ', ''))?.[1] ?? ''
  const words = list.split(':').flatMap((entry) => {
    const [name = '', uses = 'all'] = entry.split('/')
    if (name.includes('=')) return [name]
    return uses.split(',').flatMap((use) => (USES[use] ?? [use]).map((one) => `${name}/${one}`))
  })
  return new Set(words)
}
