/** Scans as they come from servers, for tests that hold them against something. */
import type {
  CertificateChain,
  CertificateResult,
  ClientCertificate,
  DiffieHellman,
  GroupEnumeration,
  Numbered,
  Order,
  SchemeEnumeration,
  TlsFeatures,
  TlsScan,
} from '../../../src/audit/model.ts'
import type { ScanResult } from '../../../src/audit/scan-result.ts'
import { ACCEPTED, NOT_OFFERED, REFUSED } from '../answers.ts'

export const CERTIFICATE: CertificateResult = {
  subject: 'CN=host.example',
  issuer: 'CN=authority',
  isSelfSigned: false,
  serial: '01',
  notBefore: '2026-01-01T00:00:00Z',
  notAfter: '2027-01-01T00:00:00Z',
  keyType: 'rsa',
  keyBits: 2048,
  curve: null,
  signatureAlgorithm: 'RSA-SHA256',
  names: ['host.example'],
  fingerprint: 'ab',
}

export function items(...names: readonly string[]): readonly Numbered[] {
  return names.map((name, number) => ({ name, number }))
}

const VERSIONS: TlsScan['versions'] = [
  { name: 'TLS1.3', number: 0x304, result: ACCEPTED },
  { name: 'TLS1.2', number: 0x303, result: ACCEPTED },
  { name: 'TLS1.1', number: 0x302, result: REFUSED },
  { name: 'TLS1.0', number: 0x301, result: REFUSED },
  { name: 'SSL3.0', number: 0x300, result: REFUSED },
  { name: 'SSL2.0', number: 0x2, result: REFUSED },
]

const ORDER: Order = 'server'

const GROUPS: readonly GroupEnumeration[] = [
  { version: 'TLS1.3', order: ORDER, end: REFUSED, items: items('x25519') },
]

const SIGNATURES: readonly SchemeEnumeration[] = [
  { version: 'TLS1.3', order: 'client', end: REFUSED, items: items('rsa_pss_rsae_sha256') },
]

const CLIENT_CERTIFICATE: ClientCertificate = {
  asked: NOT_OFFERED,
  required: NOT_OFFERED,
  schemes: [],
  types: [],
  authorities: [],
}

const CHAIN: CertificateChain = {
  certificates: [CERTIFICATE],
  isInOrder: true,
  unreadable: [],
}

const PRIMES: readonly DiffieHellman[] = []

const FEATURES: TlsFeatures = {}

/** A server with TLS 1.2 and 1.3 and little else. */
export const SCAN: TlsScan = {
  versions: VERSIONS,
  suites: [
    { version: 'TLS1.3', order: ORDER, end: REFUSED, items: items('TLS_AES_256_GCM_SHA384') },
    {
      version: 'TLS1.2',
      order: ORDER,
      end: REFUSED,
      items: items('TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'),
    },
  ],
  groups: GROUPS,
  diffieHellman: PRIMES,
  signatures: SIGNATURES,
  clientCertificate: CLIENT_CERTIFICATE,
  chains: [CHAIN],
  protocols: { items: [], order: 'unknown', end: { answer: 'not-offered' } },
  ticketLifetime: null,
  ticketLifetimeHint: null,
  features: FEATURES,
}

const TARGET: ScanResult['target'] = {
  text: 'host.example:443',
  protocol: 'tls',
  address: '192.0.2.1:443',
  serverName: 'host.example',
}

/** The whole result of a scan. */
export function resultOf(tls: TlsScan): ScanResult {
  return { target: TARGET, connections: 1, tls, ssh: null, clearText: null }
}
