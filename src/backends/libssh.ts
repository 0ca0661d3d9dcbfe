/** libssh: client and server options (libssh's subset of ssh_config(5)). */
import type { GroupName } from '../algorithms/group.ts'
import type { SignatureName } from '../algorithms/signature.ts'
import { defineBackend } from './backend.ts'
import {
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

const SIGNATURES: Words<SignatureName> = { ...SSH_SIGNATURES, 'DSA-SHA1': 'ssh-dss' }

/** Of the hybrid groups, libssh has the one on Curve25519 only. */
const UNKNOWN_GROUPS: readonly GroupName[] = ['P256-MLKEM768', 'P384-MLKEM1024']

export const libssh = defineBackend({
  name: 'libssh',
  title: 'libssh',
  purposes: ['libssh'],
  print: ({ libssh: effective }) => {
    const signatures = sshSignatures(effective, SIGNATURES)
    const exchanges = sshKeyExchanges(effective, SSH_KEY_EXCHANGES, UNKNOWN_GROUPS)
    const lines = [
      ...sshOption('Ciphers', translate(effective.enabled.cipher, SSH_CIPHERS)),
      ...sshOption('MACs', sshMacs(effective, SSH_MACS)),
      ...sshOption('KexAlgorithms', exchanges),
      ...sshOption('HostKeyAlgorithms', signatures),
      ...sshOption('PubkeyAcceptedKeyTypes', signatures),
    ]
    return lines.map((line) => `${line}\n`).join('')
  },
})
