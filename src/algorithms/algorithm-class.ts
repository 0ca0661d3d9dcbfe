/** The seven classes of algorithms that a policy lists, and lookups over all of them. */
import type { Algorithm } from './algorithm.ts'
import { CIPHERS, type CipherName } from './cipher.ts'
import { GROUPS, type GroupName } from './group.ts'
import { HASHES, type HashName } from './hash.ts'
import { KEY_EXCHANGES, type KeyExchangeName } from './key-exchange.ts'
import { MACS, type MacName } from './mac.ts'
import { PROTOCOLS, type ProtocolName } from './protocol.ts'
import { SIGNATURES, type SignatureName } from './signature.ts'

/** The names of each class, by the property that lists them in a policy. */
export type AlgorithmNames = {
  readonly cipher: CipherName
  readonly group: GroupName
  readonly hash: HashName
  readonly key_exchange: KeyExchangeName
  readonly mac: MacName
  readonly protocol: ProtocolName
  readonly sign: SignatureName
}

export type AlgorithmClass = keyof AlgorithmNames

const TABLES: { readonly [C in AlgorithmClass]: readonly Algorithm[] } = {
  cipher: CIPHERS,
  group: GROUPS,
  hash: HASHES,
  key_exchange: KEY_EXCHANGES,
  mac: MACS,
  protocol: PROTOCOLS,
  sign: SIGNATURES,
}

/** In the order in which a policy dump prints them. */
export const ALGORITHM_CLASSES = Object.keys(TABLES) as readonly AlgorithmClass[]

const namesByClass = new Map(
  ALGORITHM_CLASSES.map((name) => [name, TABLES[name].map((row) => row.name)]),
)

const rowsByClass = new Map(
  ALGORITHM_CLASSES.map((name) => [name, new Map(TABLES[name].map((row) => [row.name, row]))]),
)

/** Every name of a class, in table order: the order of wildcards. */
export function namesOf<C extends AlgorithmClass>(algorithmClass: C): readonly AlgorithmNames[C][] {
  return namesByClass.get(algorithmClass) as unknown as readonly AlgorithmNames[C][]
}

/** The table row of an algorithm, or undefined where the class has no such name. */
export function findAlgorithm(algorithmClass: AlgorithmClass, name: string): Algorithm | undefined {
  return rowsByClass.get(algorithmClass)?.get(name)
}
