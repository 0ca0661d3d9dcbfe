/** Which keys the policy in force allows, which it would choose, and which line of it says so. */
import type { KeyObject } from 'node:crypto'
import { fail } from '../diagnostics/diagnostic.ts'
import type { Span } from '../diagnostics/source.ts'
import { algorithmRules, type Prohibition } from '../priority/algorithm-rules.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import { minimumKeySizes } from '../priority/profiles.ts'
import type { SystemConfig } from '../priority/system-config.ts'
import { systemRules } from '../priority/system-rules.ts'
import { findVerdict } from '../priority/verdict.ts'
import { measureKey } from '../x509/strength-check.ts'
import {
  CURVE_NAMES,
  describeForRuntime,
  formatKeyKind,
  type KeyKind,
  type KeyRequest,
  keyKindOf,
} from './key-kind.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'
import { profileOrigin } from './profile-origin.ts'

/** The policy in force: what a priority string comes to, and where it was looked up. */
export type Strength = {
  readonly evaluation: Evaluation
  readonly config: SystemConfig
}

/** What to do about a key that is there already. */
export type Remedy = string

/** What to do about a key that was asked for. */
const ASK_FOR_LESS: Remedy = 'leave out --key to get what the policy allows'

/** An authority signs certificates, the others sign handshakes too. */
export type KeyUser = 'authority' | 'endpoint'

/** The length where the user and the policy ask for none. It is to last beyond 2030 (NIST SP 800-57). */
const RSA_BITS = 3072

/** What is chosen by itself; every peer of the last ten years can read these. */
const CHOSEN_TYPES = ['rsa', 'ecdsa', 'ed25519'] as const

/** The prefixes of GnuTLS's names of signatures that a type of key makes in handshakes. */
const HANDSHAKE_SIGNATURES: { readonly [T in KeyKind['type']]: RegExp } = {
  rsa: /^RSA-(SHA|PSS-RSAE-)/,
  ecdsa: /^ECDSA-/,
  ed25519: /^EdDSA-Ed25519$/,
  ed448: /^EdDSA-Ed448$/,
  'ml-dsa-44': /^ML-DSA-44$/,
  'ml-dsa-65': /^ML-DSA-65$/,
  'ml-dsa-87': /^ML-DSA-87$/,
}

/** One name of each, to ask why it is not allowed. */
const TYPICAL_SIGNATURE: { readonly [T in KeyKind['type']]: string } = {
  rsa: 'RSA-PSS-RSAE-SHA256',
  ecdsa: 'ECDSA-SHA256',
  ed25519: 'EdDSA-Ed25519',
  ed448: 'EdDSA-Ed448',
  'ml-dsa-44': 'ML-DSA-44',
  'ml-dsa-65': 'ML-DSA-65',
  'ml-dsa-87': 'ML-DSA-87',
}

/** What speaks against a key, with the place of the policy that says so. */
type Objection =
  | { readonly by: 'size'; readonly needed: string }
  | { readonly by: 'curve'; readonly name: string; readonly prohibition: Prohibition }
  | { readonly by: 'handshake'; readonly signature: string }

/**
 * The kind of key to make: what was asked for, if the policy allows it; the first that it allows
 * where nothing was asked.
 *
 * @throws DiagnosticError PKI_KEY_TOO_WEAK, PKI_KEY_FORBIDDEN or PKI_NO_KEY_ALLOWED.
 */
export function chooseKeyKind(
  request: KeyRequest | undefined,
  user: KeyUser,
  strength: Strength,
): KeyKind {
  if (!request) return firstAllowed(user, strength)
  const kinds = kindsFor(request, strength)
  const allowed = kinds.find((kind) => !findObjection(kind, user, strength))
  if (allowed) return allowed
  const [kind = { type: 'ed25519' as const }] = kinds
  return refuseKind(kind, user, strength, ASK_FOR_LESS)
}

/**
 * Refuses a key that is there already, such as that of the authority.
 *
 * @throws DiagnosticError PKI_KEY_UNKNOWN_TYPE, PKI_KEY_TOO_WEAK or PKI_KEY_FORBIDDEN.
 */
export function requireStrongKey(
  key: KeyObject,
  user: KeyUser,
  strength: Strength,
  remedy: Remedy,
): KeyKind {
  const kind = keyKindOf(key)
  if (!kind) return fail(PKI_KINDS.foreignKey, { type: key.asymmetricKeyType ?? 'unknown', remedy })
  return findObjection(kind, user, strength) ? refuseKind(kind, user, strength, remedy) : kind
}

function firstAllowed(user: KeyUser, strength: Strength): KeyKind {
  const { usableSignatures } = strength.evaluation
  const types = usableSignatures.flatMap(
    ({ name }) => CHOSEN_TYPES.find((type) => HANDSHAKE_SIGNATURES[type].test(name)) ?? [],
  )
  const kinds = [...new Set(types)].flatMap((type) => kindsFor({ type }, strength))
  const allowed = kinds.find((kind) => !findObjection(kind, user, strength))
  return allowed ?? fail(PKI_KINDS.noKeyAllowed, { tried: kinds.map(formatKeyKind) })
}

/** The kinds that a request may mean, from small to large. */
function kindsFor({ type, bits, curve }: KeyRequest, strength: Strength): readonly KeyKind[] {
  if (type === 'rsa') {
    const { rsa } = minimumKeySizes(strength.evaluation.profile, undefined)
    return [{ type, bits: bits ?? Math.max(RSA_BITS, rsa) }]
  }
  if (type !== 'ecdsa') return [{ type }]
  return (curve ? [curve] : CURVE_NAMES).map((name) => ({ type, curve: name }))
}

function findObjection(kind: KeyKind, user: KeyUser, strength: Strength): Objection | undefined {
  const { evaluation } = strength
  const { isEnough, needed } = measureKey(describeForRuntime(kind), evaluation)
  if (!isEnough) return { by: 'size', needed }
  const prohibition = curveProhibition(kind, strength)
  if (prohibition && kind.type === 'ecdsa') {
    return { by: 'curve', name: kind.curve, prohibition }
  }
  if (user === 'authority' || canSignHandshakes(kind, evaluation)) return undefined
  return { by: 'handshake', signature: TYPICAL_SIGNATURE[kind.type] }
}

function curveProhibition(kind: KeyKind, { evaluation, config }: Strength) {
  if (kind.type !== 'ecdsa') return undefined
  return algorithmRules(systemRules(config, evaluation.release)).curves.get(
    kind.curve.toUpperCase(),
  )
}

/** TLS 1.3 binds each curve to a hash; before it, any ECDSA will do. */
function canSignHandshakes(kind: KeyKind, { usableSignatures }: Evaluation): boolean {
  const names = usableSignatures.map(({ name }) => name)
  const fitting = names.filter((name) => HANDSHAKE_SIGNATURES[kind.type].test(name))
  if (kind.type !== 'ecdsa') return fitting.length > 0
  const curve = kind.curve.toUpperCase()
  return fitting.some((name) => !name.includes('SECP') || name.includes(curve))
}

function refuseKind(kind: KeyKind, user: KeyUser, strength: Strength, remedy: Remedy): never {
  const key = formatKeyKind(kind)
  const objection = findObjection(kind, user, strength)
  if (objection?.by === 'size') {
    const { words, span } = profileOrigin(strength)
    return fail(PKI_KINDS.keyTooWeak, { key, needed: objection.needed, words, remedy }, span)
  }
  const name = objection?.by === 'handshake' ? objection.signature : key
  const span = objection && spanOf(objection, strength)
  return fail(PKI_KINDS.keyForbidden, { key, name, remedy }, span)
}

/** The line that took a curve or a signature away. */
function spanOf(objection: Objection, { evaluation, config }: Strength): Span | undefined {
  if (objection.by === 'curve') return spanOfProhibition(objection.prohibition)
  if (objection.by !== 'handshake') return undefined
  const { release, resolution } = evaluation
  const subject = { kind: 'signature', name: objection.signature } as const
  const decision = findVerdict(resolution.given, subject, { release, config })?.deciding.decision
  if (decision?.by === 'token') return decision.step.span
  return decision && 'prohibition' in decision ? spanOfProhibition(decision.prohibition) : undefined
}

/** Where a prohibition is written, if it is written anywhere. */
export function spanOfProhibition(prohibition: Prohibition | undefined): Span | undefined {
  return typeof prohibition === 'object' ? prohibition.line : undefined
}
