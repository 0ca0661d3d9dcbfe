/** A reload never lets in again whom the lists in force keep out. */
import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { findRollback, type TrustSet } from '../../../src/tls/objects/types/revocation-rollback.ts'
import { certificateOf } from '../../../src/x509/certificate.ts'
import { parseRevocationLists } from '../../../src/x509/revocation-list.ts'
import {
  AUTHORITY,
  type ListDescription,
  type Made,
  make,
  makeList,
} from '../../x509/made-certificate.ts'

const ROOT = make({ subject: 'root', ...AUTHORITY })
const OTHER = make({ subject: 'other', ...AUTHORITY })
const MIDDLE = make({ subject: 'middle', issuer: ROOT, ...AUTHORITY })
const AT = Math.floor(Date.now() / 1000) * 1000

type List = Partial<ListDescription>

/** Lists of the root unless they name another signer; `from` is in hours from one moment. */
function trust(lists: readonly List[], authorities: readonly Made[] = [ROOT]): TrustSet {
  return {
    authorities: authorities.map(({ raw }, index) =>
      certificateOf(new X509Certificate(raw), { file: 'ca-cert.pem', index }),
    ),
    revocationLists: lists.flatMap((list) =>
      parseRevocationLists({
        name: 'ca-crl.pem',
        text: makeList({ signer: ROOT, revoked: [], from: -10, at: AT, ...list }),
      }),
    ),
  }
}

function codesOf(before: TrustSet, after: TrustSet): readonly string[] {
  return findRollback(before, after).map(({ code }) => code)
}

const OLDER = ['OBJECT_REVOCATION_LIST_OLDER']
const GONE = ['OBJECT_REVOCATION_LIST_GONE']

describe('is refused:', () => {
  test('a list that was made earlier, though it revokes more', () => {
    expect(codesOf(trust([{ from: -10 }]), trust([{ from: -11, revoked: [1, 2] }]))).toEqual(OLDER)
  })

  test('a list of a smaller number, though it claims to be made later', () => {
    const [before, after] = [trust([{ number: 9 }]), trust([{ number: 8, from: -1 }])]
    expect(codesOf(before, after)).toEqual(OLDER)
  })

  test('of the same second, a list that revokes less', () => {
    expect(codesOf(trust([{ revoked: [5, 6] }]), trust([{ revoked: [5] }]))).toEqual(OLDER)
    expect(codesOf(trust([{ revoked: [5] }]), trust([{ revoked: [6] }]))).toEqual(OLDER)
  })

  test('a set without the list of an authority that is trusted still', () => {
    const both = trust([{}, { signer: OTHER }], [ROOT, OTHER])
    expect(codesOf(both, trust([{}], [ROOT, OTHER]))).toEqual(GONE)
    expect(codesOf(both, trust([], [ROOT, OTHER]))).toEqual([...GONE, ...GONE])
  })

  test('a set without the list of an intermediate, which peers may still send', () => {
    const before = trust([{ signer: MIDDLE }], [ROOT, MIDDLE])
    expect(codesOf(before, trust([], [ROOT]))).toEqual(GONE)
    expect(codesOf(trust([{ signer: MIDDLE }], [ROOT]), trust([], [ROOT]))).toEqual(GONE)
  })

  test('a set without the list of a name that a root and an intermediate bear', () => {
    const crossed = make({ subject: 'root', issuer: OTHER, ...AUTHORITY })
    const before = trust([{}], [ROOT, crossed, OTHER])
    expect(codesOf(before, trust([], [OTHER]))).toEqual(GONE)
    expect(codesOf(before, trust([], [crossed, OTHER]))).toEqual(GONE)
  })

  test('a newest list that is older than the newest in force, whatever stands beside both', () => {
    const before = trust([{ from: -20 }, { from: -10 }])
    expect(codesOf(before, trust([{ from: -30 }, { from: -20 }]))).toEqual(OLDER)
    expect(codesOf(before, trust([{ from: -20 }]))).toEqual(OLDER)
  })
})

describe('is taken:', () => {
  test('the same list, one made later, one that revokes more', () => {
    const before = trust([{ number: 3, revoked: [5] }])
    expect(codesOf(before, before)).toEqual([])
    expect(codesOf(before, trust([{ number: 4, from: -9, revoked: [] }]))).toEqual([])
    expect(codesOf(before, trust([{ number: 3, revoked: [5, 6] }]))).toEqual([])
    // Other programs make lists without numbers.
    expect(codesOf(before, trust([{ from: -9 }]))).toEqual([])
    expect(codesOf(trust([{}]), trust([{ number: 1 }]))).toEqual([])
  })

  test('a first list, and older lists that are left out', () => {
    expect(codesOf(trust([]), trust([{}]))).toEqual([])
    expect(codesOf(trust([{ from: -20 }, { from: -10 }]), trust([{ from: -10 }]))).toEqual([])
  })

  test('a set without the list of a root that is no longer trusted', () => {
    const before = trust([{}, { signer: OTHER }], [ROOT, OTHER])
    expect(codesOf(before, trust([{}], [ROOT]))).toEqual([])
  })
})
