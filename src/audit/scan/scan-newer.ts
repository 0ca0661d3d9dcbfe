/** What a server does in TLS 1.3, whose answers are hidden from clients that compute no secret. */
import { groupName } from '../messages/iana-groups.ts'
import { schemeName } from '../messages/iana-signatures.ts'
import { namedEnumeration } from '../probes/answers.ts'
import type { Found } from '../probes/enumerate.ts'
import { probeFinish13, type Way13, wayToCompute13 } from '../probes/finish.ts'
import { probeGroups13 } from '../probes/groups.ts'
import type { ProbedServer } from '../probes/probe.ts'
import { probeResumption, type Resumption } from '../probes/resumption.ts'
import { probeSignatures13 } from '../probes/signatures.ts'
import { NOTHING_LEARNT, type VersionPart } from './version-part.ts'

type NewerPart = VersionPart & { readonly resumption?: Resumption | undefined }

/** What further questions need. */
export type NewerBasis = {
  readonly suites: Found
  readonly groups: Found
  /** Undefined where Node.js cannot compute with the server. */
  readonly way: Way13 | undefined
}

/** @param suites Those of TLS 1.3. @returns undefined where the server has none of them. */
export async function findNewerBasis(
  server: ProbedServer,
  suites: Found,
): Promise<NewerBasis | undefined> {
  if (suites.items.length === 0) return undefined
  const groups = await probeGroups13(server, suites.items)
  return { suites, groups, way: wayToCompute13(suites.items, groups.items) }
}

export async function finishNewer(
  server: ProbedServer,
  basis: NewerBasis | undefined,
): Promise<void> {
  if (basis?.way) await probeFinish13(server, basis.way)
}

/** @param finished Over where a handshake was finished. */
export async function scanNewer(
  server: ProbedServer,
  basis: NewerBasis | undefined,
  finished: Promise<void>,
): Promise<NewerPart> {
  if (!basis) return NOTHING_LEARNT
  const { suites, groups, way } = basis
  const [signatures, resumption] = await Promise.all([
    probeSignatures13(server, suites, groups, way),
    way && finished.then(() => probeResumption(server)),
  ])
  const version = 'TLS1.3'
  return {
    groups: [{ version, ...namedEnumeration(groups, groupName) }],
    signatures: [{ version, ...namedEnumeration(signatures, schemeName) }],
    primes: [],
    resumption,
  }
}
