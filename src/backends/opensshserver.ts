/** OpenSSH's server (sshd_config(5)). */
import { defineBackend } from './backend.ts'
import { printOpensshOptions } from './openssh-options.ts'

export const opensshserver = defineBackend({
  name: 'opensshserver',
  title: 'OpenSSH server',
  purposes: ['openssh-server'],
  // A reload is not enough: the options may come in through the unit's command line.
  reloadCommand: 'systemctl try-restart sshd.service 2>/dev/null || :',
  print: (effective) =>
    printOpensshOptions(effective['openssh-server'], {
      signatureOptions: [
        'HostKeyAlgorithms',
        'PubkeyAcceptedAlgorithms',
        'HostbasedAcceptedAlgorithms',
      ],
      // A client may need 1024-bit groups to reach old devices; a server never does (RFC 8270).
      refusedGroups: ['FFDHE-1024'],
    }),
})
