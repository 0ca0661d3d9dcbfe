/** Checks of what programs hand to the functions for certificates and keys. */
import {
  listOfChecked,
  madeBy,
  objectOf,
  optionalChecked,
  optionsOf,
  requireObject,
} from '../arguments/objects.ts'
import {
  type ArgumentCheck,
  integerWithin,
  refuseArgument,
  requireBoolean,
  requireBuffer,
  requireDate,
  requireFunction,
  requireName,
  requireOneOf,
  requireString,
} from '../arguments/single-values.ts'
import type { AuthorityRequest } from '../pki/authority.ts'
import type { IssueRequest, RenewRequest } from '../pki/certificate-issuance.ts'
import type { CheckRequest } from '../pki/credential-check.ts'
import {
  CURVE_NAMES,
  KEY_TYPES,
  type KeyKind,
  type KeyRequest,
  MAX_RSA_BITS,
  MIN_RSA_BITS,
} from '../pki/key-kind.ts'
import type { Strength } from '../pki/key-strength.ts'
import type { Layout, PairPaths, PresentPair } from '../pki/layout.ts'
import { IDENTITY_NUMBERS } from '../pki/layout.ts'
import { LAYOUT_NAMES, ROLES } from '../pki/layout-names.ts'
import { MAX_PSK_BITS, MIN_PSK_BITS, type PskRequest } from '../pki/psk-file.ts'
import { MAX_DAYS } from '../pki/validity-period.ts'
import { checkConfig, checkEvaluation } from '../priority/priority-arguments.ts'

export const checkLayoutName: ArgumentCheck = (value, name) =>
  requireOneOf(value, LAYOUT_NAMES, name)

const checkPaths = optionsOf<PairPaths>({ certificate: requireName, key: requireName })

export const checkLayout = madeBy<Layout>('layoutAt', {
  name: checkLayoutName,
  root: requireName,
  authority: checkPaths,
  pair: requireFunction,
})

const checkStrength = optionsOf<Strength>({ evaluation: checkEvaluation, config: checkConfig })

/** Longer keys take minutes to make; the policy says which are too short. */
const requireKeyBits = integerWithin(MIN_RSA_BITS, MAX_RSA_BITS)

const requirePskBits: ArgumentCheck = (value, name) => {
  const bits = integerWithin(MIN_PSK_BITS, MAX_PSK_BITS)(value, name)
  return bits % 8 === 0 ? bits : refuseArgument(name, 'a multiple of 8', value)
}

const requireDays = optionalChecked(integerWithin(1, MAX_DAYS))

const checkKeyRequest = optionsOf<KeyRequest>({
  type: (value, name) => requireOneOf(value, KEY_TYPES, name),
  bits: optionalChecked(requireKeyBits),
  curve: optionalChecked((value, name) => requireOneOf(value, CURVE_NAMES, name)),
})

/** A kind, which has its size. */
export const checkKeyKind: ArgumentCheck<KeyKind> = (value, name) => {
  const { type } = checkKeyRequest(value, name)
  if (type === 'rsa') objectOf({ bits: requireKeyBits })(value, name)
  if (type === 'ecdsa') objectOf({ curve: requireString })(value, name)
  return value as KeyKind
}

const text = optionalChecked(requireString)
const flag = optionalChecked(requireBoolean)
const time = optionalChecked(requireDate)
const keyRequest = optionalChecked(checkKeyRequest)

export const checkAuthorityRequest = optionsOf<AuthorityRequest>({
  ...{ layout: checkLayout, strength: checkStrength },
  subject: optionsOf({ organization: text, commonName: text }),
  ...{ days: requireDays, key: keyRequest, passphrase: text, force: flag, now: time },
  parent: optionalChecked(optionsOf({ layout: checkLayout, passphrase: text })),
})

const SIGNING = {
  ...{ layout: checkLayout, out: optionalChecked(checkLayout), strength: checkStrength },
  ...{ days: requireDays, key: keyRequest, passphrase: text, keyPassphrase: text, now: time },
}

const checkRole: ArgumentCheck = (value, name) => requireOneOf(value, ROLES, name)

const checkIdentity = optionalChecked((value, name) => requireOneOf(value, IDENTITY_NUMBERS, name))

const checkHost: ArgumentCheck = (value, name) => {
  const { kind } = requireObject(value, name)
  requireOneOf(kind, ['dns', 'ip'], `${name}.kind`)
  objectOf({ value: requireString })(value, name)
  if (kind === 'ip') objectOf({ bytes: requireBuffer })(value, name)
}

export const checkIssueRequest = optionsOf<IssueRequest>({
  ...SIGNING,
  ...{ role: checkRole, identity: checkIdentity, hosts: listOfChecked(checkHost), force: flag },
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
  bits: optionalChecked(requirePskBits),
})
