/** OpenSSH's client (ssh_config(5)). */
import { defineBackend } from './backend.ts'
import { printOpensshOptions } from './openssh-options.ts'

export const openssh = defineBackend({
  name: 'openssh',
  title: 'OpenSSH client',
  purposes: ['openssh-client'],
  print: (effective) =>
    printOpensshOptions(effective['openssh-client'], {
      // No HostKeyAlgorithms: with it, ssh no longer prefers the key types it has in known_hosts,
      // and users would be asked about hosts that they know.
      signatureOptions: ['PubkeyAcceptedAlgorithms', 'HostbasedAcceptedAlgorithms'],
      refusedGroups: [],
    }),
})
