/** Until when the certificates and revocation lists of an object are valid. */
import type { LoadedObject } from './types/object-type.ts'

/** One certificate, or one list, of the load that is in force. */
export type ObjectValidity = {
  /** The id of the object. */
  readonly object: string
  /** `own` is what it shows to peers, intermediate certificates included; `authority` is what it trusts. */
  readonly use: 'own' | 'authority' | 'revocation-list'
  /** The distinguished name of the certificate, or of the issuer of the list. */
  readonly name: string
  /** In hexadecimal: the serial number of the certificate, or the number of the list where it has one. */
  readonly serial?: string
  readonly until: Date
}

export function validityOf(
  object: string,
  loaded: LoadedObject | undefined,
): readonly ObjectValidity[] {
  const generation = loaded?.kind === 'credentials' ? loaded.generation : undefined
  if (generation?.kind !== 'x509') return []
  const { ownCertificates, authorities, revocationLists } = generation
  const certificates = (['own', 'authority'] as const).flatMap((use) =>
    (use === 'own' ? ownCertificates : authorities).map(({ x509, subject, notAfter }) => {
      return { object, use, name: subject, serial: x509.serialNumber, until: notAfter }
    }),
  )
  const lists = revocationLists.flatMap(({ issuer, number, nextUpdate }): ObjectValidity[] => {
    if (!nextUpdate) return []
    const serial = number === undefined ? {} : { serial: number.toString(16).toUpperCase() }
    return [{ object, use: 'revocation-list', name: issuer, ...serial, until: nextUpdate }]
  })
  return [...certificates, ...lists]
}
