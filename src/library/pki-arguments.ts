/** Checks of what programs hand to the functions for certificates and keys. */
import {
  listOf,
  madeBy,
  objectOf,
  optional,
  optionsOf,
  requireObject,
} from '../arguments/objects.ts'
import {
  type Check,
  integerWithin,
  requireBoolean,
  requireBuffer,
  requireDate,
  requireFunction,
  requireName,
  requireOneOf,
  requireString,
} from '../arguments/single-values.ts'
import type { AuthorityRequest } from '../pki/authority.ts'
import type { CheckRequest } from '../pki/credential-check.ts'
import type { IssueRequest, RenewRequest } from '../pki/identity.ts'
import { CURVE_NAMES, KEY_TYPES, type KeyKind, type KeyRequest } from '../pki/key-kind.ts'
import type { Strength } from '../pki/key-strength.ts'
import type { Layout, PairPaths, PresentPair } from '../pki/layout.ts'
import { IDENTITY_NUMBERS } from '../pki/layout.ts'
import { LAYOUT_NAMES, ROLES } from '../pki/layout-names.ts'
import type { PskRequest } from '../pki/psk-file.ts'
import { checkConfig, checkEvaluation } from '../priority/priority-arguments.ts'

export const checkLayoutName: Check = (value, name) => requireOneOf(value, LAYOUT_NAMES, name)

const checkPaths = optionsOf<PairPaths>({ certificate: requireName, key: requireName })

export const checkLayout = madeBy<Layout>('layoutAt', {
  name: checkLayoutName,
  root: requireName,
  authority: checkPaths,
  pair: requireFunction,
})

const checkStrength = optionsOf<Strength>({ evaluation: checkEvaluation, config: checkConfig })

const requireCount = integerWithin(0)

/** Of days: none lasts as long as this many, which is told by a code of its own. */
const requireDays = optional(integerWithin(0))

export const checkKeyRequest = optionsOf<KeyRequest>({
  type: (value, name) => requireOneOf(value, KEY_TYPES, name),
  bits: optional(requireCount),
  curve: optional((value, name) => requireOneOf(value, CURVE_NAMES, name)),
})

/** A kind, which has its size. */
export const checkKeyKind: Check<KeyKind> = (value, name) => {
  const { type } = checkKeyRequest(value, name)
  if (type === 'rsa') objectOf({ bits: requireCount })(value, name)
  if (type === 'ecdsa') objectOf({ curve: requireString })(value, name)
  return value as KeyKind
}

const text = optional(requireString)
const flag = optional(requireBoolean)
const time = optional(requireDate)
const keyRequest = optional(checkKeyRequest)

export const checkAuthorityRequest = optionsOf<AuthorityRequest>({
  ...{ layout: checkLayout, strength: checkStrength },
  subject: optionsOf({ organization: text, commonName: text }),
  ...{ days: requireDays, key: keyRequest, passphrase: text, force: flag, now: time },
  parent: optional(optionsOf({ layout: checkLayout, passphrase: text })),
})

const SIGNING = {
  ...{ layout: checkLayout, out: optional(checkLayout), strength: checkStrength },
  ...{ days: requireDays, key: keyRequest, passphrase: text, keyPassphrase: text, now: time },
}

const checkRole: Check = (value, name) => requireOneOf(value, ROLES, name)

const checkIdentity = optional((value, name) => requireOneOf(value, IDENTITY_NUMBERS, name))

const checkHost: Check = (value, name) => {
  const { kind } = requireObject(value, name)
  requireOneOf(kind, ['dns', 'ip'], `${name}.kind`)
  objectOf({ value: requireString })(value, name)
  if (kind === 'ip') objectOf({ bytes: requireBuffer })(value, name)
}

export const checkIssueRequest = optionsOf<IssueRequest>({
  ...SIGNING,
  ...{ role: checkRole, identity: checkIdentity, hosts: listOf(checkHost), force: flag },
  ...{ organization: text, commonName: text },
})

const checkPair = madeBy<PresentPair>('listPairs', {
  role: checkRole,
  paths: checkPaths,
})

export const checkRenewRequest = optionsOf<RenewRequest>({
  ...SIGNING,
  ...{ pair: checkPair, newKey: flag },
})

export const checkCheckRequest = optionsOf<CheckRequest>({
  root: requireName,
  strength: checkStrength,
  ...{ days: requireDays, hostname: text, passphrase: text, now: time },
})

export const checkPskRequest = optionsOf<PskRequest>({
  folder: requireName,
  user: requireString,
  bits: optional(requireCount),
})
