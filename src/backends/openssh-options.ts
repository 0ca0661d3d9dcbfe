/** The options that OpenSSH's client and server share (ssh_config(5), sshd_config(5)). */
import type { GroupName } from '../algorithms/group.ts'
import type { MacName } from '../algorithms/mac.ts'
import type { EffectivePolicy } from '../policy/effective-policy.ts'
import {
  GSSAPI_KEY_EXCHANGES,
  SSH_CIPHERS,
  SSH_KEY_EXCHANGES,
  SSH_MACS,
  SSH_SIGNATURES,
  sshKeyExchanges,
  sshMacs,
  sshOption,
  sshSignatures,
} from './ssh-names.ts'
import { translate, type Words } from './translate.ts'

const MACS: Words<MacName> = {
  ...SSH_MACS,
  'HMAC-MD5': 'hmac-md5',
  'UMAC-64': 'umac-64@openssh.com',
  'UMAC-128': 'umac-128@openssh.com',
}

export type OpensshSide = {
  /** Options that take host and user signatures alike. */
  readonly signatureOptions: readonly string[]
  /** Groups that this side never offers, whatever the policy says. */
  readonly refusedGroups: readonly GroupName[]
}

/** The configuration file of one side. */
export function printOpensshOptions(effective: EffectivePolicy, side: OpensshSide): string {
  const { enabled, integers } = effective
  const exchanges = sshKeyExchanges(effective, SSH_KEY_EXCHANGES, side.refusedGroups)
  const signatures = sshSignatures(effective, SSH_SIGNATURES)
  const size = integers.min_rsa_size
  const lines = [
    ...sshOption('Ciphers', translate(enabled.cipher, SSH_CIPHERS)),
    ...sshOption('MACs', sshMacs(effective, MACS)),
    ...gssapiOption(effective, side),
    ...sshOption('KexAlgorithms', exchanges),
    ...side.signatureOptions.flatMap((keyword) => sshOption(keyword, signatures)),
    // A certificate is signed with a plain key, never with another certificate.
    ...sshOption('CASignatureAlgorithms', translate(enabled.sign, SSH_SIGNATURES)),
    ...sshOption('RequiredRSASize', size > 0 ? [String(size)] : []),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function gssapiOption(effective: EffectivePolicy, side: OpensshSide): readonly string[] {
  const names = sshKeyExchanges(effective, GSSAPI_KEY_EXCHANGES, side.refusedGroups)
  return names.length > 0
    ? sshOption('GSSAPIKexAlgorithms', names)
    : sshOption('GSSAPIKeyExchange', ['no'])
}
