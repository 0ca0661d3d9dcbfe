/**
 * Whether a new set of revocation lists takes back what the set in force says: a list that is gone or
 * older than before would let in again whom it keeps out.
 */
import { type Diagnostic, diagnose } from '../../../diagnostics/diagnostic.ts'
import type { Certificate } from '../../../x509/certificate.ts'
import { isSelfIssued } from '../../../x509/issuer.ts'
import type { RevocationList } from '../../../x509/revocation-list.ts'
import { OBJECT_KINDS } from '../../object-diagnostics.ts'

/** What of a load decides who is trusted, and who no longer is. */
export type TrustSet = {
  readonly authorities: readonly Certificate[]
  readonly revocationLists: readonly RevocationList[]
}

/** A reason for each issuer whose newest list is gone or older than in the set in force. */
export function findRollback(before: TrustSet, after: TrustSet): readonly Diagnostic[] {
  return newestLists(before.revocationLists).flatMap((old) => {
    const present = newestOf(old, after.revocationLists)
    if (present) return isRollback(old, present) ? [tellOlder(old, present)] : []
    // An authority that is no longer trusted lets in no certificate, revoked or not.
    return isDropped(old, before, after) ? [] : [tellGone(old)]
  })
}

function newestLists(lists: readonly RevocationList[]): readonly RevocationList[] {
  return lists.filter((list) => newestOf(list, lists) === list)
}

function newestOf(
  { issuerName }: RevocationList,
  lists: readonly RevocationList[],
): RevocationList | undefined {
  const [newest] = lists
    .filter((list) => list.issuerName.equals(issuerName))
    .toSorted((one, other) => other.thisUpdate.getTime() - one.thisUpdate.getTime())
  return newest
}

/** Of two lists of the same second the one that revokes less is the older one. */
function isRollback(old: RevocationList, present: RevocationList): boolean {
  if (isNumberSmaller(old, present) || present.thisUpdate < old.thisUpdate) return true
  if (present.thisUpdate > old.thisUpdate) return false
  return [...old.revoked].some((serial) => !present.revoked.has(serial))
}

function isNumberSmaller({ number: old }: RevocationList, { number }: RevocationList): boolean {
  return old !== undefined && number !== undefined && number < old
}

/** A root that was trusted and is no longer. Below others, peers may still send an intermediate. */
function isDropped({ issuerName }: RevocationList, before: TrustSet, after: TrustSet): boolean {
  const bearersIn = ({ authorities }: TrustSet) =>
    authorities.filter(({ link }) => link.subject.equals(issuerName))
  const old = bearersIn(before)
  return old.length > 0 && old.every(isSelfIssued) && bearersIn(after).length === 0
}

function tellOlder({ thisUpdate }: RevocationList, present: RevocationList): Diagnostic {
  const { issuer, place } = present
  const data = { file: place.file, issuer, thisUpdate: present.thisUpdate, inForce: thisUpdate }
  return diagnose(OBJECT_KINDS.olderList, data)
}

function tellGone({ place, issuer }: RevocationList): Diagnostic {
  return diagnose(OBJECT_KINDS.listGone, { file: place.file, issuer })
}
