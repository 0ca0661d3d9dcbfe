/** The security level of OpenSSL that asks for what a verification profile asks for. */
import {
  type AllowedTls,
  type MinimumKeySizes,
  NOTHING_ALLOWED,
} from '../../algorithms/allowed-tls.ts'
import { exchangeKind, takesCertificates } from '../../algorithms/handshake-needs.ts'
import {
  bitsOfGroup,
  bitsOfScheme,
  bitsOfSuite,
  FORWARD_SECRET_LEVEL,
  OPENSSL_SECURITY_LEVELS,
  type OpensslSecurityLevel,
} from '../../algorithms/openssl-security-bits.ts'
import { TLS_GROUPS, type TlsGroup } from '../../algorithms/tls-groups.ts'
import { TLS_SUITES, type TlsSuite } from '../../algorithms/tls-suites.ts'
import { isBeforeTls12 } from '../../algorithms/tls-versions.ts'
import type { Item, Refusal } from './dialect.ts'

/** Level 4 asks for RSA keys of 7680 bits where GnuTLS asks for 8192: only level 5 has more. */
const NEARLY_LEVEL_4 = 8192

/**
 * The lowest level that asks for no less than the sizes. Shared keys, and exchanges on the curves that are
 * named, have no size to ask for: a level would take old versions away and secure nothing.
 */
export function requiredLevel(allowed: AllowedTls): OpensslSecurityLevel {
  const hasPrimes = allowed.suites.some((suite) => exchangeKind(suite) === 'finite-field')
  const isSized = hasPrimes || takesCertificates(allowed)
  return levelFor(isSized ? allowed.minimumKeySizes : NOTHING_ALLOWED.minimumKeySizes)
}

function levelFor({ rsa, ec }: MinimumKeySizes): OpensslSecurityLevel {
  const wanted = rsa === NEARLY_LEVEL_4 ? 7680 : rsa
  const level = OPENSSL_SECURITY_LEVELS.find((row) => row.rsa >= wanted && row.ec >= ec)
  return level ?? (OPENSSL_SECURITY_LEVELS.at(-1) as OpensslSecurityLevel)
}

/** The sizes that a level asks for. */
export function keySizesAt({ rsa, ec }: OpensslSecurityLevel): MinimumKeySizes {
  return { rsa, ec, dsa: rsa, dh: Math.max(rsa, 1024) }
}

/** What a level refuses. */
export function refusalsAt(row: OpensslSecurityLevel, { minimumKeySizes }: AllowedTls): Refusal {
  const dh = Math.max(minimumKeySizes.dh, keySizesAt(row).dh)
  return {
    because: `security level ${row.level}, which the profile needs, refuses it`,
    isRefused: (item) => row.level > 0 && (isOldVersion(item) || isWeak(item, row, dh)),
  }
}

function isOldVersion(item: Item): boolean {
  return 'transport' in item && isBeforeTls12(item)
}

function isWeak(item: Item, { bits, level }: OpensslSecurityLevel, dh: number): boolean {
  if ('transport' in item) return false
  if (isSuite(item)) {
    const isRefusedForSecrecy = level >= FORWARD_SECRET_LEVEL && !hasForwardSecrecy(item)
    return isRefusedForSecrecy || bitsOfSuite(item, dh) < bits
  }
  return (isGroup(item) ? bitsOfGroup(item) : bitsOfScheme(item.name)) < bits
}

const SUITES: ReadonlySet<Item> = new Set(TLS_SUITES)
const GROUPS: ReadonlySet<Item> = new Set(TLS_GROUPS)

function isSuite(item: Item): item is TlsSuite {
  return SUITES.has(item)
}

function isGroup(item: Item): item is TlsGroup {
  return GROUPS.has(item)
}

function hasForwardSecrecy(suite: TlsSuite): boolean {
  return suite.keyExchange === undefined || exchangeKind(suite) !== undefined
}
