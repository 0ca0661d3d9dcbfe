/** Verification profiles and security levels of GnuTLS, with the key sizes that each asks for. */
import type { MinimumKeySizes } from '../algorithms/allowed-tls.ts'

type SecurityLevelRow = MinimumKeySizes & { readonly name: string }

/** From weak to strong; the order is what GnuTLS compares. Sizes are those of a build without FIPS. */
const SECURITY_LEVELS = [
  { name: 'very weak', rsa: 767, dh: 767, dsa: 0, ec: 0 },
  { name: 'weak', rsa: 1008, dh: 1008, dsa: 1008, ec: 160 },
  { name: 'low', rsa: 1024, dh: 1024, dsa: 1024, ec: 160 },
  { name: 'legacy', rsa: 1776, dh: 1776, dsa: 2048, ec: 192 },
  { name: 'medium', rsa: 2048, dh: 2048, dsa: 2048, ec: 224 },
  { name: 'high', rsa: 3072, dh: 3072, dsa: 3072, ec: 256 },
  { name: 'ultra', rsa: 8192, dh: 8192, dsa: 8192, ec: 384 },
  { name: 'future', rsa: 15360, dh: 15360, dsa: 15360, ec: 512 },
] as const satisfies readonly SecurityLevelRow[]

export type SecurityLevelName = (typeof SECURITY_LEVELS)[number]['name']

type Profile = {
  readonly name: string
  /** The word after `min-verification-profile`, in any case. */
  readonly configName: string
  readonly level: SecurityLevelName
}

/** In the order of the numbers that GnuTLS gives them: a lower one replaces a higher one. */
const PROFILES = [
  { name: 'VERY_WEAK', configName: 'Very weak', level: 'very weak' },
  { name: 'LOW', configName: 'Low', level: 'low' },
  { name: 'LEGACY', configName: 'Legacy', level: 'legacy' },
  { name: 'MEDIUM', configName: 'Medium', level: 'medium' },
  { name: 'HIGH', configName: 'High', level: 'high' },
  { name: 'ULTRA', configName: 'Ultra', level: 'ultra' },
  { name: 'FUTURE', configName: 'Future', level: 'future' },
  { name: 'SUITEB128', configName: 'SuiteB128', level: 'high' },
  { name: 'SUITEB192', configName: 'SuiteB192', level: 'ultra' },
] as const satisfies readonly Profile[]

export type ProfileName = (typeof PROFILES)[number]['name']

/** The words that `min-verification-profile` takes. */
export const PROFILE_CONFIG_NAMES: readonly string[] = PROFILES.map((row) => row.configName)

const NO_MINIMUM: MinimumKeySizes = { rsa: 0, dsa: 0, ec: 0, dh: 0 }

/** Negative where the first is weaker; undefined, no level at all, is the weakest. */
export function compareSecurityLevels(
  a: SecurityLevelName | undefined,
  b: SecurityLevelName | undefined,
): number {
  return levelRank(a) - levelRank(b)
}

/** Whether GnuTLS numbers the first profile below the second. */
export function isLowerProfile(a: ProfileName, b: ProfileName): boolean {
  return profileRank(a) < profileRank(b)
}

/** The security level that a profile stands for. */
export function levelOfProfile(name: ProfileName): SecurityLevelName {
  return PROFILES[profileRank(name)]?.level ?? 'low'
}

/** The profile that a configuration file calls so, in any case. */
export function findProfile(configName: string): ProfileName | undefined {
  const wanted = configName.toUpperCase()
  return PROFILES.find((row) => row.configName.toUpperCase() === wanted)?.name
}

/** Public keys that a peer's certificates must reach, and the prime of a key exchange. */
export function minimumKeySizes(
  profile: ProfileName | undefined,
  level: SecurityLevelName | undefined,
): MinimumKeySizes {
  const keys = profile && SECURITY_LEVELS[levelRank(levelOfProfile(profile))]
  const exchange = level && SECURITY_LEVELS[levelRank(level)]
  const { rsa, dsa, ec } = keys ?? NO_MINIMUM
  return { rsa, dsa, ec, dh: exchange?.dh ?? 0 }
}

/** The first profile, from weak to strong, that asks for keys of at least these sizes. */
export function smallestProfile({ rsa, dh }: Pick<MinimumKeySizes, 'rsa' | 'dh'>): ProfileName {
  const isEnough = ({ level }: Profile): boolean => {
    const row = SECURITY_LEVELS[levelRank(level)]
    return row !== undefined && row.rsa >= rsa && row.dh >= dh
  }
  return PROFILES.find(isEnough)?.name ?? 'FUTURE'
}

function levelRank(name: SecurityLevelName | undefined): number {
  return SECURITY_LEVELS.findIndex((row) => row.name === name)
}

function profileRank(name: ProfileName): number {
  return PROFILES.findIndex((row) => row.name === name)
}
