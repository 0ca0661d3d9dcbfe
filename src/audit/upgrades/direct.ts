/** Services whose first byte is TLS: nothing is said in clear. */
import { READY, type Upgrade } from './upgrade.ts'

function direct(scheme: string, title: string, port: number | undefined): Upgrade {
  return { scheme, title, port, begin: async () => READY }
}

function ofVirtualization(scheme: string, title: string, port: number | undefined): Upgrade {
  return { ...direct(scheme, title, port), refusesByEnding: true }
}

/** Ports are those of IANA, or those that the programs take. */
export const DIRECT: readonly Upgrade[] = [
  direct('tls', 'TLS', 443),
  direct('https', 'HTTPS', 443),
  // QEMU has no port of its own for these; libvirt takes migrations from 49152 on.
  ofVirtualization('migration', 'QEMU migration', 49152),
  ofVirtualization('chardev', 'QEMU character device', undefined),
  direct('spice', 'SPICE', 5901),
  ofVirtualization('libvirt', 'libvirt', 16514),
  direct('smtps', 'SMTP over TLS', 465),
  direct('imaps', 'IMAP over TLS', 993),
  direct('pop3s', 'POP3 over TLS', 995),
  direct('ftps', 'FTP over TLS', 990),
  direct('ldaps', 'LDAP over TLS', 636),
  direct('xmpps', 'XMPP over TLS', 5223),
  direct('redis', 'Redis', 6379),
]
