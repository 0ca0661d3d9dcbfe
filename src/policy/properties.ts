/** The properties that a policy can set: lists of algorithms, integers and choices. */
import { ALGORITHM_CLASSES, type AlgorithmClass } from '../algorithms/algorithm-class.ts'

/**
 * Integers and what they are where no directive sets them, in the order of a policy dump.
 * A name that begins with two underscores is meant for shipped policies, not for everyday use.
 */
export const INTEGER_DEFAULTS = {
  arbitrary_dh_groups: 0,
  min_dh_size: 0,
  min_dsa_size: 0,
  min_rsa_size: 0,
  sha1_in_certs: 0,
  ssh_certs: 0,
  min_ec_size: 256,
  __openssl_block_sha1_signatures: 1,
} as const

/** Choices and their values; the first is what holds where no directive sets one. */
export const CHOICE_VALUES = {
  etm: ['ANY', 'DISABLE_ETM', 'DISABLE_NON_ETM'],
  __ems: ['DEFAULT', 'ENFORCE', 'RELAX'],
} as const

export type IntegerName = keyof typeof INTEGER_DEFAULTS
export type ChoiceName = keyof typeof CHOICE_VALUES
export type ChoiceValue<Name extends ChoiceName> = (typeof CHOICE_VALUES)[Name][number]
export type PropertyName = AlgorithmClass | IntegerName | ChoiceName

/** @internal Exported for tests. */
export const INTEGER_NAMES = Object.keys(INTEGER_DEFAULTS) as readonly IntegerName[]
export const CHOICE_NAMES = Object.keys(CHOICE_VALUES) as readonly ChoiceName[]

/** Every property, in the order of a policy dump. */
export const PROPERTY_NAMES: readonly PropertyName[] = [
  ...ALGORITHM_CLASSES,
  ...INTEGER_NAMES,
  ...CHOICE_NAMES,
]

/** The largest integer that a policy may set. No key size comes near it. */
export const INTEGER_LIMIT = 2 ** 31 - 1

export function isAlgorithmClass(name: string): name is AlgorithmClass {
  return (ALGORITHM_CLASSES as readonly string[]).includes(name)
}

export function isIntegerName(name: string): name is IntegerName {
  return Object.hasOwn(INTEGER_DEFAULTS, name)
}

export function isChoiceName(name: string): name is ChoiceName {
  return Object.hasOwn(CHOICE_VALUES, name)
}
