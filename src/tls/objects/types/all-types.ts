/** Every type of objects. */
import { fail } from '../../../diagnostics/diagnostic.ts'
import { type ObjectDefinition, withoutText } from '../../../options/object-definition.ts'
import { OBJECT_KINDS } from '../../object-diagnostics.ts'
import { AUTHZ_LIBVIRT } from './authz-libvirt.ts'
import { AUTHZ_LIST } from './authz-list.ts'
import { AUTHZ_LIST_FILE } from './authz-list-file.ts'
import { AUTHZ_PAM } from './authz-pam.ts'
import { AUTHZ_SIMPLE } from './authz-simple.ts'
import type { ObjectType } from './object-type.ts'
import { SECRET } from './secret.ts'
import { TLS_CREDS_ANON } from './tls-creds-anon.ts'
import { TLS_CREDS_PSK } from './tls-creds-psk.ts'
import { TLS_CREDS_X509 } from './tls-creds-x509.ts'

const OBJECT_TYPES: readonly ObjectType[] = [
  TLS_CREDS_X509,
  TLS_CREDS_PSK,
  TLS_CREDS_ANON,
  SECRET,
  AUTHZ_SIMPLE,
  AUTHZ_LIST,
  AUTHZ_LIST_FILE,
  AUTHZ_LIBVIRT,
  AUTHZ_PAM,
]

/** @throws DiagnosticError OBJECT_UNKNOWN_TYPE. */
export function findObjectType({ type, places }: ObjectDefinition): ObjectType {
  const found = OBJECT_TYPES.find(
    ({ name, aliases = [] }) => name === type || aliases.includes(type),
  )
  if (found) return found
  const known = OBJECT_TYPES.filter((one) => one !== AUTHZ_PAM).map(({ name }) => name)
  const place = places?.get('qom-type') ?? places?.get('')
  return fail(OBJECT_KINDS.unknownType, { type, known }, place && withoutText(place))
}
