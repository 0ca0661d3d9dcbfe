/** `tls-creds-x509`: certificates and keys in a folder, named as QEMU names them. */

import type { Diagnostic } from '../../../diagnostics/diagnostic.ts'
import { DiagnosticError, diagnose, hasErrors } from '../../../diagnostics/diagnostic.ts'
import type { PropertyReader } from '../../../options/property-reader.ts'
import { readX509Files, type X509Files, type X509Identity } from '../../../x509/credential-files.ts'
import { checkOwnCertificates } from '../../../x509/sanity-check.ts'
import type { X509Generation } from '../../credentials/credentials-generation.ts'
import { OBJECT_KINDS } from '../../object-diagnostics.ts'
import type { TlsSettings } from '../../tls-options.ts'
import { digestOf } from './digest.ts'
import { makeContext, warnAboutTickets } from './endpoint-context.ts'
import { readEndpointSettings } from './endpoint-settings.ts'
import { ENDPOINTS, type LoadedObject, type ObjectType, type Surroundings } from './object-type.ts'
import { findRollback } from './revocation-rollback.ts'

export const TLS_CREDS_X509: ObjectType = {
  name: 'tls-creds-x509',
  kind: 'credentials',
  properties: ['endpoint', 'dir', 'verify-peer', 'priority', 'sanity-check', 'passwordid'],
  load: (reader, surroundings) => {
    const endpoint = reader.choice('endpoint', ENDPOINTS, 'client')
    const dir = reader.requiredText('dir', 'add dir=/etc/pki/qemu, or where the certificates are')
    const settings = readEndpointSettings(reader, 'x509', endpoint, surroundings)
    const files = readX509Files(dir, endpoint, readPassphrase(reader, surroundings))
    refuseRollback(files, surroundings)
    const checked = reader.flag('sanity-check', true) ? checkAll(files, settings) : []
    const { identities, warnings } = chooseIdentities(files.identities)
    const generation: X509Generation = {
      kind: 'x509',
      endpoint,
      verifyPeer: reader.flag('verify-peer', true),
      settings,
      ...makeContext(settings, pemOf(identities)),
      ownCertificates: identities.flatMap(({ chain }) => chain),
      authorities: files.authorities,
      revocationLists: files.revocationLists,
    }
    return {
      kind: 'credentials',
      generation,
      digest: digestFiles(files, surroundings),
      paths: files.paths,
      warnings: [
        ...files.warnings,
        ...checked,
        ...warnings,
        ...warnAboutDh(files, dir),
        ...warnAboutCost(generation),
        ...warnAboutTickets(generation),
      ],
    } satisfies LoadedObject
  },
}

/** Not even `sanity-check=off` lets in again who was revoked. */
function refuseRollback(files: X509Files, { previous }: Surroundings): void {
  const inForce = previous?.kind === 'credentials' ? previous.generation : undefined
  if (inForce?.kind !== 'x509') return
  const refusals = findRollback(inForce, files)
  if (refusals.length > 0) throw new DiagnosticError(refusals)
}

function readPassphrase(
  reader: PropertyReader,
  { secret }: Surroundings,
): { readonly passphrase?: string } {
  const id = reader.text('passwordid')
  if (id === undefined) return {}
  return { passphrase: secret(id, reader, 'passwordid').toString('utf8') }
}

/** Every refusal of every identity is told at once; what is left are warnings. */
function checkAll(files: X509Files, { role, evaluation }: TlsSettings): readonly Diagnostic[] {
  const { authorities, revocationLists, identities } = files
  const diagnostics = identities.flatMap(({ chain }) =>
    checkOwnCertificates({ role, chain, authorities, revocationLists, evaluation }),
  )
  if (hasErrors(diagnostics)) throw new DiagnosticError(diagnostics)
  return diagnostics
}

/** OpenSSL chooses by the type of the key, so it takes one certificate of each. */
function chooseIdentities(all: readonly X509Identity[]): {
  identities: readonly X509Identity[]
  warnings: readonly Diagnostic[]
} {
  const byType = new Map<string, X509Identity>()
  const warnings: Diagnostic[] = []
  for (const identity of all) {
    const type = identity.key.asymmetricKeyType ?? 'unknown'
    const first = byType.get(type)
    if (!first) byType.set(type, identity)
    else {
      const data = { file: identity.certFile, first: first.certFile, type: type.toUpperCase() }
      warnings.push(diagnose(OBJECT_KINDS.sameKeyType, data))
    }
  }
  return { identities: [...byType.values()], warnings }
}

function pemOf(identities: readonly X509Identity[]): { cert: string[]; key: string[] } {
  return {
    cert: identities.map(({ chain }) => chain.map(({ x509 }) => x509.toString()).join('')),
    key: identities.map(({ key }) => key.export({ type: 'pkcs8', format: 'pem' }) as string),
  }
}

function digestFiles(files: X509Files, { config, release }: Surroundings): string {
  const { authorities, identities, revocationLists } = files
  const lists = revocationLists.map((list) => [
    list.issuer,
    list.thisUpdate,
    `${list.number}`,
    [...list.revoked],
  ])
  return digestOf(
    ...authorities.map(({ x509 }) => x509.raw),
    ...identities.flatMap(({ chain, key }) => [
      ...chain.map(({ x509 }) => x509.raw),
      key.export({ type: 'pkcs8', format: 'der' }) as Buffer,
    ]),
    JSON.stringify(lists),
    config.source.text,
    release,
  )
}

/** It cannot be known that a prime from a file is a good one; those of RFC 7919 are. */
function warnAboutDh({ dhParameters }: X509Files, dir: string): readonly Diagnostic[] {
  if (dhParameters === undefined) return []
  return [diagnose(OBJECT_KINDS.unusedDhParameters, { path: `${dir}/dh-params.pem` })]
}

/** A client chooses its server; strangers choose a server. */
function warnAboutCost({
  endpoint,
  verifyPeer,
  isVerifiedByOpenssl,
}: X509Generation): readonly Diagnostic[] {
  const isOpenToStrangers = endpoint === 'server' && verifyPeer && isVerifiedByOpenssl
  return isOpenToStrangers ? [diagnose(OBJECT_KINDS.costlyVerification, {})] : []
}
