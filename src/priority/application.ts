/** Where applications that use GnuTLS write their priority string, and what they have built in. */

/** An application whose chain is known. */
export type Application = {
  /** The files of its configuration folder that may set a string, and the key that does. */
  readonly settings: readonly { readonly file: string; readonly key: string }[]
  /**
   * What each generation of systems builds in, from oldest to newest: first the library's
   * keyword, then the string that all applications share, then one of the application's own.
   */
  readonly builtIn: readonly string[]
  /** Only root reads the folder of the system; each user has one of the same name. */
  readonly isPerUser?: boolean
}

/** Those that `--app` knows. */
const APPLICATIONS = {
  // libvirtd reads the first file, the proxy of the modular daemons the second.
  libvirt: {
    settings: [
      { file: 'libvirtd.conf', key: 'tls_priority' },
      { file: 'virtproxyd.conf', key: 'tls_priority' },
    ],
    builtIn: ['NORMAL', '@SYSTEM', '@LIBVIRT,SYSTEM'],
  },
  // virsh and other clients. The parameter tls_priority of a URI comes before this file.
  'libvirt-client': {
    settings: [{ file: 'libvirt.conf', key: 'tls_priority' }],
    builtIn: ['NORMAL', '@SYSTEM', '@LIBVIRT,SYSTEM'],
    isPerUser: true,
  },
  // The property priority= of a tls-creds object comes before this file.
  qemu: {
    settings: [{ file: 'qemu.conf', key: 'default_tls_priority' }],
    builtIn: ['NORMAL', '@SYSTEM', '@QEMU,SYSTEM'],
  },
} as const satisfies Record<string, Application>

/** Undefined where the application is not known: nothing is then built in, and no file is its own. */
export function findBuiltInApplication(name: string): Application | undefined {
  return Object.hasOwn(APPLICATIONS, name)
    ? APPLICATIONS[name as keyof typeof APPLICATIONS]
    : undefined
}
