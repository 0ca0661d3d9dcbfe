/** Mozilla's guidelines for servers, in their JSON form, as a yardstick. */
import { NOTHING_ALLOWED } from '../../algorithms/allowed-tls.ts'
import { registeredGroupName, tableVersionName } from '../../algorithms/other-names.ts'
import { TLS_GROUPS, type TlsGroup } from '../../algorithms/tls-groups.ts'
import { findTlsSuiteByOpensslName } from '../../algorithms/tls-suite-openssl.ts'
import { findTlsSuiteByName, type TlsSuite } from '../../algorithms/tls-suites.ts'
import { TLS_VERSIONS, type TlsVersion } from '../../algorithms/tls-versions.ts'
import type { TlsYardstick } from './yardstick.ts'

/** One of `modern`, `intermediate` and `old`. Fields that are not used here are left out. */
export type Guideline = {
  readonly ciphers: readonly string[]
  readonly ciphersuites: readonly string[]
  readonly tls_curves: readonly string[]
  readonly tls_versions: readonly string[]
  readonly rsa_key_size: number | null
  readonly dh_param_size: number | null
  readonly ecdh_param_size: number | null
  readonly certificate_types: readonly string[]
  readonly certificate_curves: readonly string[]
  readonly certificate_signatures: readonly string[]
}

export type GuidelinesParse =
  | { readonly ok: true; readonly guideline: Guideline }
  | { readonly ok: false; readonly reason: string }

/** @param document What JSON.parse gave. */
export function parseGuidelines(document: unknown, level: string): GuidelinesParse {
  const configurations = fieldOf(document, 'configurations')
  const chosen = fieldOf(configurations, level)
  if (chosen === undefined) {
    const levels = typeof configurations === 'object' ? Object.keys(configurations ?? {}) : []
    const known = levels.length > 0 ? `it has ${levels.join(', ')}` : 'it has no configurations'
    return { ok: false, reason: `there is no level ${level}: ${known}` }
  }
  const misread = findMisread(chosen)
  if (misread !== undefined) return { ok: false, reason: misread }
  const guideline = readGuideline(chosen)
  if (guideline.tls_versions.length === 0) return { ok: false, reason: 'it names no tls_versions' }
  return { ok: true, guideline }
}

function readGuideline(chosen: unknown): Guideline {
  return {
    ciphers: namesOf(
      fieldOf(fieldOf(chosen, 'ciphers'), 'openssl') ?? fieldOf(chosen, 'openssl_ciphers'),
    ),
    ciphersuites: namesOf(
      fieldOf(chosen, 'ciphersuites') ?? fieldOf(chosen, 'openssl_ciphersuites'),
    ),
    tls_curves: namesOf(fieldOf(chosen, 'tls_curves')),
    tls_versions: namesOf(fieldOf(chosen, 'tls_versions')),
    rsa_key_size: sizeOf(fieldOf(chosen, 'rsa_key_size')),
    dh_param_size: sizeOf(fieldOf(chosen, 'dh_param_size')),
    ecdh_param_size: sizeOf(fieldOf(chosen, 'ecdh_param_size')),
    certificate_types: namesOf(fieldOf(chosen, 'certificate_types')),
    certificate_curves: namesOf(fieldOf(chosen, 'certificate_curves')),
    certificate_signatures: namesOf(fieldOf(chosen, 'certificate_signatures')),
  }
}

const LISTS = [
  ...['openssl_ciphers', 'openssl_ciphersuites', 'ciphersuites', 'tls_curves', 'tls_versions'],
  ...['certificate_types', 'certificate_curves', 'certificate_signatures'],
]
const SIZES = ['rsa_key_size', 'dh_param_size', 'ecdh_param_size']

/** A field that is something else would be passed over, and a server would be held against less than is written. */
function findMisread(chosen: unknown): string | undefined {
  const list = LISTS.find((name) => !isListOrNull(fieldOf(chosen, name)))
  if (list !== undefined) return `its ${list} is no list of names`
  const older = fieldOf(chosen, 'ciphers')
  if (!isListOrNull(fieldOf(older, 'openssl')) || typeof (older ?? {}) !== 'object') {
    return 'its ciphers have no list of names for openssl'
  }
  const size = SIZES.find((name) => !isSizeOrNull(fieldOf(chosen, name)))
  return size && `its ${size} is no number of bits`
}

function isListOrNull(value: unknown): boolean {
  const isList = Array.isArray(value) && value.every((one) => typeof one === 'string')
  return value === undefined || value === null || isList
}

function isSizeOrNull(value: unknown): boolean {
  return value === undefined || value === null || (Number.isSafeInteger(value) && Number(value) > 0)
}

/** A name without an algorithm allows nothing. */
function suiteOf(name: string): TlsSuite | undefined {
  return findTlsSuiteByName(name) ?? findTlsSuiteByOpensslName(name)
}

function groupOf(name: string): TlsGroup | undefined {
  const registered = registeredGroupName(name).toLowerCase()
  return TLS_GROUPS.find((group) => group.name.toLowerCase() === registered)
}

function versionOf(name: string): TlsVersion | undefined {
  const spelled = tableVersionName(name)
  return TLS_VERSIONS.find((version) => version.name === spelled)
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Record<string, unknown>)[name]
}

function namesOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

function sizeOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

/** @param file What messages call it. */
export function guidelinesYardstick(
  guideline: Guideline,
  level: string,
  file: string,
): TlsYardstick {
  const { tls_versions, tls_curves, ciphers, ciphersuites } = guideline
  const versions = tls_versions.map(versionOf)
  const { rsa_key_size: rsa, dh_param_size: dh, ecdh_param_size: ec } = guideline
  return {
    title: `Mozilla's guideline ${level} of ${file}`,
    allowed: {
      ...NOTHING_ALLOWED,
      versions: TLS_VERSIONS.filter((version) => versions.includes(version)).toReversed(),
      suites: [...ciphersuites, ...ciphers].flatMap((name) => suiteOf(name) ?? []),
      groups: tls_curves.flatMap((name) => groupOf(name) ?? []),
      minimumKeySizes: { rsa: rsa ?? 0, dsa: 0, ec: ec ?? 0, dh: dh ?? 0 },
    },
    silentOn: tls_curves.length > 0 ? ['signature scheme'] : ['signature scheme', 'group'],
    certificates: {
      types: guideline.certificate_types,
      curves: guideline.certificate_curves,
      signatures: guideline.certificate_signatures.map(signatureName),
      reasonFor: (field) => ({ text: `${field} of configurations.${level}`, place: file }),
    },
    reasonsFor: ({ kind, name }) => [
      { text: `configurations.${level} (${kind} ${name})`, place: file },
    ],
  }
}

/** GnuTLS's name of `sha256WithRSAEncryption` and of `ecdsa-with-SHA256`, which are those of OpenSSL. */
function signatureName(name: string): string {
  const [, rsa, ecdsa] = /^sha(\d+)WithRSAEncryption$|^ecdsa-with-SHA(\d+)$/.exec(name) ?? []
  if (rsa !== undefined) return `RSA-SHA${rsa}`
  return ecdsa === undefined ? name : `ECDSA-SHA${ecdsa}`
}
