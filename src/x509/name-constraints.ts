/** Which names the certificates below an authority may have (RFC 5280 section 4.2.1.10). */
import { DER, type DerElement, readElements, readOnly, requireTag } from '../asn1/der.ts'
import { type AlternativeName, GENERAL_NAME, readGeneralName } from './alternative-name.ts'

/** A name that a constraint allows or excludes, with all names below it. */
export type Subtree =
  | { readonly kind: 'ip'; readonly address: Buffer; readonly mask: Buffer }
  | { readonly kind: 'directory'; readonly name: Buffer }
  | { readonly kind: 'dns' | 'email' | 'uri' | 'srv'; readonly value: string }

export type NameConstraints = {
  readonly permitted: readonly Subtree[]
  readonly excluded: readonly Subtree[]
  /** Why they cannot be obeyed. GnuTLS then trusts no certificate below the authority. */
  readonly problem?: string
}

/** NameConstraints ::= SEQUENCE { permittedSubtrees [0], excludedSubtrees [1] }. */
export function readNameConstraints(value: Buffer): NameConstraints {
  try {
    const fields = readOnly(value, DER.sequence)
    const subtrees = (wanted: number): readonly Subtree[] =>
      fields
        .filter(({ tag }) => tag === wanted)
        .flatMap(({ body }) => readElements(body).map(readSubtree))
    return { permitted: subtrees(0xa0), excluded: subtrees(0xa1) }
  } catch (error) {
    return { permitted: [], excluded: [], problem: (error as Error).message }
  }
}

function readSubtree(element: DerElement): Subtree {
  const [base] = readElements(requireTag(element, DER.sequence).body)
  if (!base) throw new RangeError('one has no name')
  if (base.tag === GENERAL_NAME.ip) return readNetwork(base.body)
  return subtreeOf(readGeneralName(base))
}

function subtreeOf({ kind, value, bytes }: AlternativeName): Subtree {
  switch (kind) {
    case 'directory':
      return { kind, name: bytes }
    case 'dns':
    case 'email':
      if (value === '.' || value.includes('..')) throw new RangeError(`\`${value}\` is no name`)
      return { kind, value }
    case 'uri':
    case 'srv':
      return { kind, value }
    default:
      throw new RangeError('one is about names of a kind that is not known here')
  }
}

function readNetwork(bytes: Buffer): Subtree {
  const half = bytes.length / 2
  if (half !== 4 && half !== 16) throw new RangeError('one has an address of a bad length')
  const mask = bytes.subarray(half)
  const bits = [...mask].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  if (bits.includes('01')) throw new RangeError('one has a mask that is no prefix')
  return { kind: 'ip', address: bytes.subarray(0, half), mask }
}
