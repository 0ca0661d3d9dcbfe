/**
 * GnuTLS's server with random settings: what the audit finds is what `list` says that the string allows, as
 * gnutls-cli -l does, no more and no less, whether the server wants a certificate of the client or not.
 *
 * `npm run soak:audit` asks a hundred.
 */
import { expect, test } from 'vitest'
import type { AllowedTls } from '../../../src/algorithms/allowed-tls.ts'
import { canNegotiate, type TlsSuite } from '../../../src/algorithms/tls-suites.ts'
import type { TlsVersion } from '../../../src/algorithms/tls-versions.ts'
import { allowedTls, evaluatePriority } from '../../../src/priority/evaluate.ts'
import { Random } from '../../fuzz/random.ts'
import { hasPeer } from '../../peers/peer.ts'
import { SEED } from '../../seed.ts'
import { startPeer } from '../tls-peer.ts'
import {
  auditCounted,
  type FoundNames,
  keyFiles,
  namesFound,
  permittedConnections,
} from './audited-server.ts'
import { drawSome } from './draw-some.ts'

const SERVERS = Number(process.env.AUDIT_SERVERS ?? 4)

const KINDS = ['rsa-2048', 'ec-P-256', 'ed25519'] as const

const WORDS = {
  versions: ['VERS-TLS1.3', 'VERS-TLS1.2', 'VERS-TLS1.1', 'VERS-TLS1.0'],
  ciphers: [
    ...['AES-128-GCM', 'AES-256-GCM', 'CHACHA20-POLY1305', 'AES-128-CCM', 'AES-256-CCM-8'],
    ...['AES-128-CBC', 'AES-256-CBC', 'CAMELLIA-128-CBC', 'CAMELLIA-256-GCM', '3DES-CBC'],
  ],
  macs: ['SHA1', 'SHA256', 'SHA384'],
  exchanges: ['ECDHE-RSA', 'ECDHE-ECDSA', 'DHE-RSA', 'RSA', 'ANON-DH', 'ANON-ECDH'],
  groups: [
    ...['GROUP-SECP256R1', 'GROUP-SECP384R1', 'GROUP-SECP521R1', 'GROUP-X25519', 'GROUP-X448'],
    ...['GROUP-FFDHE2048', 'GROUP-FFDHE3072', 'GROUP-FFDHE4096'],
  ],
  signatures: [
    ...['SIGN-RSA-SHA256', 'SIGN-RSA-SHA384', 'SIGN-RSA-SHA512', 'SIGN-RSA-SHA1'],
    ...['SIGN-RSA-PSS-RSAE-SHA256', 'SIGN-RSA-PSS-RSAE-SHA384', 'SIGN-RSA-PSS-RSAE-SHA512'],
    ...[
      'SIGN-ECDSA-SECP256R1-SHA256',
      'SIGN-ECDSA-SHA256',
      'SIGN-ECDSA-SHA384',
      'SIGN-EDDSA-ED25519',
    ],
  ],
}

function drawPriority(random: Random): string {
  const words = Object.values(WORDS).flatMap((list) => drawSome(random, list))
  const order = random.below(2) === 0 ? ':%SERVER_PRECEDENCE' : ''
  return `NONE:+COMP-NULL:+CTYPE-X509:+AEAD:${words.map((word) => `+${word}`).join(':')}${order}`
}

/** What a server of GnuTLS with these keys can negotiate of what the string allows. */
function expectedOfGnutls(priority: string, allowed: AllowedTls): FoundNames {
  const versions = allowed.versions
    .filter(({ transport }) => transport === 'stream')
    .toSorted((a, b) => b.number - a.number)
  const usable = allowed.suites.filter((suite) => isUsable(suite, allowed))
  const suites = versions.map(
    (version) =>
      [
        version,
        usable.filter(
          (suite) => canNegotiate(suite, version) && isSignable(priority, suite, version),
        ),
      ] as const,
  )
  const rows = suites.map(
    ([{ name }, list]) => [`suites ${name}`, list.map((suite) => suite.name as string)] as const,
  )
  const all = [
    ...rows,
    ...groupsOfGnutls(suites, allowed),
    ...schemesOfGnutls(priority, suites, allowed),
  ]
  const sorted = all.map(([key, names]) => [key, names.toSorted()] as const)
  return Object.fromEntries(sorted.filter(([, names]) => names.length > 0))
}

type SuitesOf = readonly (readonly [TlsVersion, readonly TlsSuite[]])[]
type Rows = readonly (readonly [string, readonly string[]])[]

/**
 * gnutls-serv has no prime but those of RFC 7919: where the string has none of them, gnutls-cli and openssl get an
 * alert for DHE too.
 */
function isUsable({ keyExchange = '' }: TlsSuite, { groups }: AllowedTls): boolean {
  const has = (kind: string) => groups.some((group) => group.kind === kind)
  if (/^(DHE|ANON-DH)/.test(keyExchange)) return has('finite-field')
  return /^(ECDHE|ANON-ECDH)/.test(keyExchange) ? has('curve') : true
}

/** GnuTLS has words for ECDSA of TLS 1.2 and others for that of TLS 1.3, although their numbers are the same. */
const ECDSA_12 = /SIGN-(ECDSA-SHA|EDDSA)/
const ECDSA_13 = /SIGN-ECDSA-SECP256R1-SHA256/

function isSignable(priority: string, { keyExchange }: TlsSuite, version: TlsVersion): boolean {
  const isChosen = version.name === 'TLS1.2'
  // No key signs in TLS 1.3 with what the string has.
  if (version.name === 'TLS1.3') return /SIGN-(RSA-PSS|EDDSA|ECDSA-SECP)/.test(priority)
  if (keyExchange === 'ECDHE-ECDSA' && isChosen) return ECDSA_12.test(priority)
  if (/^(EC)?DHE-RSA$/.test(keyExchange ?? '') && isChosen) return /SIGN-RSA/.test(priority)
  return true
}

/** Before TLS 1.3 in the newest version that there is. */
function groupsOfGnutls(suites: SuitesOf, { groups }: AllowedTls): Rows {
  const newer = suites.find(([{ name }, list]) => name === 'TLS1.3' && list.length > 0)
  const older = suites.find(([{ name }, list]) => name !== 'TLS1.3' && list.length > 0)
  const named = (kind: string) =>
    groups.filter((group) => group.kind === kind).map(({ name }) => name)
  const uses = (pattern: RegExp) =>
    older?.[1].some(({ keyExchange = '' }) => pattern.test(keyExchange))
  return [
    ['groups TLS1.3', newer ? groups.map(({ name }) => name) : []],
    [`groups ${older?.[0].name}`, uses(/^(ECDHE|ANON-ECDH)/) ? named('curve') : []],
    [`primes ${older?.[0].name}`, uses(/^(DHE|ANON-DH)/) ? named('finite-field') : []],
  ]
}

function schemesOfGnutls(
  priority: string,
  suites: SuitesOf,
  { signatureSchemes }: AllowedTls,
): Rows {
  const names = signatureSchemes.map(({ name }) => name)
  const suitesIn = (version: string) => suites.find(([{ name }]) => name === version)?.[1] ?? []
  const exchanges = suitesIn('TLS1.2').map(({ keyExchange = '' }) => keyExchange)
  const older = (name: string) => {
    if (/^rsa/.test(name)) return exchanges.some((exchange) => /^(EC)?DHE-RSA$/.test(exchange))
    const isOnlyNewer = name === 'ecdsa_secp256r1_sha256' && !/SIGN-ECDSA-SHA256/.test(priority)
    return exchanges.includes('ECDHE-ECDSA') && !isOnlyNewer
  }
  const newer = (name: string) =>
    /^(rsa_pss_rsae|ed25519)/.test(name) ||
    (name === 'ecdsa_secp256r1_sha256' && ECDSA_13.test(priority))
  return [
    ['signatures TLS1.2', names.filter(older)],
    ['signatures TLS1.3', suitesIn('TLS1.3').length > 0 ? names.filter(newer) : []],
  ]
}

const needsGnutls = test.skipIf(!hasPeer('gnutls-serv'))

needsGnutls.each(Array.from({ length: SERVERS }, (_, index) => SEED * 1000 + index))(
  'gnutls-serv with random settings, seed %i [gnutls-serv]',
  async (seed) => {
    const random = new Random(seed)
    const files = keyFiles(KINDS)
    const { priority, allowed } = drawUsable(random)
    const client = random.pick([
      '--require-client-cert',
      '--disable-client-cert',
      '--verify-client-cert',
    ])
    const args = (port: number) => [
      ...['-p', String(port), '--quiet', client, '--priority', priority, '--echo'],
      ...files.flatMap(({ certificate, key }) => [
        '--x509certfile',
        certificate,
        '--x509keyfile',
        key,
      ]),
    ]
    const port = await startPeer('gnutls-serv', args, { GNUTLS_SYSTEM_PRIORITY_FILE: '/dev/null' })
    const { tls, counted, result } = await auditCounted(port)
    expect(namesFound(tls), priority).toEqual(expectedOfGnutls(priority, allowed))
    expect(result.connections).toBe(counted)
    expect(counted, priority).toBeLessThanOrEqual(permittedConnections(tls))
  },
)

function drawUsable(random: Random): { priority: string; allowed: AllowedTls } {
  for (;;) {
    const priority = drawPriority(random)
    const outcome = evaluatePriority({ name: '<priority>', text: priority }, {})
    if (!outcome.ok) continue
    const allowed = allowedTls(outcome.evaluation)
    if (Object.keys(expectedOfGnutls(priority, allowed)).length > 0) return { priority, allowed }
  }
}
