/** The properties of objects with their types, and with what they are where they were not given. */
import type { PropertyValue } from '../../options/object-definition.ts'
import { IDENTITY_KINDS } from '../../tls/authorization/identity.ts'
import { BOOL, enumOf, listOf, optional, type QapiType, STR, struct } from '../schema/qapi-types.ts'

export type ObjectProperty = {
  readonly type: QapiType
  /** What it is where the definition does not say. */
  readonly fallback: PropertyValue
  /** It cannot be given, nor changed. */
  readonly isFixed?: boolean
  readonly isRequired?: boolean
  /** It is never shown. */
  readonly isSecret?: boolean
}

const TEXT: ObjectProperty = { type: STR, fallback: '' }
const YES: ObjectProperty = { type: BOOL, fallback: true }
const LOADED: ObjectProperty = { ...YES, isFixed: true }

const ENDPOINT = enumOf('QCryptoTLSCredsEndpoint', ['client', 'server'])
const SECRET_FORMAT = enumOf('QCryptoSecretFormat', ['raw', 'base64'])
const IDENTITY_KIND = enumOf('IdentityKind', IDENTITY_KINDS)

const POLICY_VALUES = enumOf('QAuthZListPolicy', ['deny', 'allow'])
const RULE = struct('QAuthZListRule', {
  match: STR,
  policy: POLICY_VALUES,
  format: optional(enumOf('QAuthZListFormat', ['exact', 'glob'])),
  of: optional(IDENTITY_KIND),
})
const POLICY: ObjectProperty = { type: POLICY_VALUES, fallback: 'deny' }

const CREDENTIALS = {
  'verify-peer': YES,
  dir: TEXT,
  endpoint: { type: ENDPOINT, fallback: 'client' },
  priority: TEXT,
  loaded: LOADED,
}

const FILE_LIST = { filename: TEXT, refresh: YES }

type Properties = Readonly<Record<string, ObjectProperty>>

/** By the type of the objects, as `qom-type` names it. */
export const OBJECT_PROPERTIES: Readonly<Record<string, Properties>> = {
  'tls-creds-x509': { ...CREDENTIALS, 'sanity-check': YES, passwordid: TEXT },
  'tls-creds-psk': { ...CREDENTIALS, username: TEXT },
  'tls-creds-anon': CREDENTIALS,
  secret: {
    data: { ...TEXT, isSecret: true },
    file: TEXT,
    format: { type: SECRET_FORMAT, fallback: 'raw' },
    keyid: TEXT,
    iv: TEXT,
    loaded: LOADED,
  },
  'authz-simple': {
    identity: { ...TEXT, isRequired: true },
    of: { type: IDENTITY_KIND, fallback: 'dn' },
  },
  'authz-list': { policy: POLICY, rules: { type: listOf(RULE), fallback: [] } },
  'authz-list-file': FILE_LIST,
  'authz-listfile': FILE_LIST,
  'authz-libvirt': { filename: TEXT, key: TEXT },
}

/** The properties of a type of objects, its `type` among them. */
export function propertiesOf(type: string): ReadonlyMap<string, ObjectProperty> {
  const own = Object.hasOwn(OBJECT_PROPERTIES, type) ? (OBJECT_PROPERTIES[type] ?? {}) : {}
  return new Map([['type', { ...TEXT, fallback: type, isFixed: true }], ...Object.entries(own)])
}

/** What QEMU's object model calls a type. */
export function qomTypeName(type: QapiType): string {
  if (type.kind === 'list') return qomTypeName(type.item)
  if (type === STR) return 'string'
  return type.name
}
