/** Names of layouts and roles: what command lines have to know before they load anything. */
import type { EndpointRole } from './certificate-extensions.ts'

/** `qemu` is one folder, such as /etc/pki/qemu; `libvirt` is the tree below /etc/pki. */
export const LAYOUT_NAMES = ['qemu', 'libvirt'] as const

export type LayoutName = (typeof LAYOUT_NAMES)[number]

export const ROLES = ['server', 'client'] as const satisfies readonly EndpointRole[]
