/** Checks of what programs hand to the functions for TLS. */
import { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { TlsRole } from '../algorithms/tls-role.ts'
import { madeBy, optionalChecked, optionsOf, requireObject } from '../arguments/objects.ts'
import {
  type ArgumentCheck,
  refuseArgument,
  requireBoolean,
  requireFunction,
  requireInstance,
  requireOneOf,
  requireWait,
} from '../arguments/single-values.ts'
import { checkConfig, checkEvaluation, checkRelease } from '../priority/priority-arguments.ts'
import { CREDENTIAL_KINDS } from './credential-kind.ts'
import type { TlsSettings, TlsSettingsOptions } from './tls-options.ts'

export const checkRole: ArgumentCheck = (value, name) =>
  requireOneOf(value, ['server', 'client'], name)

export const checkDuplex: ArgumentCheck<Duplex> = (value, name) =>
  requireInstance(value, name, Duplex)

export const checkTlsSocket: ArgumentCheck<TLSSocket> = (value, name) =>
  requireInstance(value, name, TLSSocket)

export const checkSettingsOptions = optionsOf<TlsSettingsOptions>({
  role: checkRole,
  config: optionalChecked(checkConfig),
  release: optionalChecked(checkRelease),
  credentials: optionalChecked((value, name) => requireOneOf(value, CREDENTIAL_KINDS, name)),
})

export const checkSettings = madeBy<TlsSettings>('tlsOptionsFor', {
  role: checkRole,
  evaluation: checkEvaluation,
  options: requireObject,
  allowed: requireObject,
})

/** Settings of the other side would let in what the string forbids to this one. */
export function checkSettingsFor(role: TlsRole, value: unknown, name: string): TlsSettings {
  const settings = checkSettings(value, name)
  return settings.role === role
    ? settings
    : refuseArgument(name, `what tlsOptionsFor gives for a ${role}`, value)
}

/** What the string decides, and what would get around its checks. */
const DECIDED = [
  ...['minVersion', 'maxVersion', 'ciphers', 'ecdhCurve', 'sigalgs', 'honorCipherOrder'],
  ...['secureOptions', 'dhparam', 'minDHSize', 'secureProtocol', 'secureContext', 'session'],
]

/** Options of node:tls, whose number changes with Node.js: only what is wrong for sure is refused. */
export function checkNodeOptions(value: unknown, name: string): void {
  const options = requireObject(value, name)
  for (const key of DECIDED) {
    if (options[key] === undefined) continue
    refuseArgument(`${name}.${key}`, 'left out, since the priority string decides', options[key])
  }
  optionalChecked(requireWait)(options.handshakeTimeout, `${name}.handshakeTimeout`)
  optionalChecked(requireFunction)(options.pskCallback, `${name}.pskCallback`)
  for (const key of ['requestCert', 'rejectUnauthorized']) {
    optionalChecked(requireBoolean)(options[key], `${name}.${key}`)
  }
}
