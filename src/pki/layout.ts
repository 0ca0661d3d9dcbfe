/** Where QEMU and libvirt look for certificates and keys. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from '../diagnostics/diagnostic.ts'
import type { EndpointRole } from './certificate-extensions.ts'
import { LAYOUT_NAMES, type LayoutName, ROLES } from './layout-names.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'

/** A certificate and the key that goes with it. */
export type PairPaths = { readonly certificate: string; readonly key: string }

/** One of several identities of an endpoint, which QEMU knows by number. */
export type IdentityNumber = 0 | 1 | 2 | 3

export type Layout = {
  readonly name: LayoutName
  readonly root: string
  /** The key never leaves the folder where the authority is. */
  readonly authority: PairPaths
  /** The key of the authority before, which still makes that one's revocation lists. */
  readonly formerKey: string
  readonly revocationList: string
  readonly pair: (role: EndpointRole, identity?: IdentityNumber) => PairPaths
  /** A request for the certificate of a pair. */
  readonly request: (role: EndpointRole, identity?: IdentityNumber) => string
}

export const IDENTITY_NUMBERS = [0, 1, 2, 3] as const satisfies readonly IdentityNumber[]

const LAYOUTS: { readonly [Name in LayoutName]: (root: string) => Layout } = {
  qemu: (root) => ({
    name: 'qemu',
    root,
    authority: pairIn(root, root, 'ca-cert.pem', 'ca-key.pem'),
    formerKey: join(root, 'ca-key-former.pem'),
    revocationList: join(root, 'ca-crl.pem'),
    pair: (role, identity) => {
      const suffix = identity === undefined ? '' : `-${identity}`
      return pairIn(root, root, `${role}-cert${suffix}.pem`, `${role}-key${suffix}.pem`)
    },
    request: (role, identity) =>
      join(root, `${role}-request${identity === undefined ? '' : `-${identity}`}.pem`),
  }),
  libvirt: (root) => ({
    name: 'libvirt',
    root,
    authority: pairIn(join(root, 'CA'), join(root, 'CA', 'private'), 'cacert.pem', 'cakey.pem'),
    formerKey: join(root, 'CA', 'private', 'cakey-former.pem'),
    revocationList: join(root, 'CA', 'cacrl.pem'),
    pair: (role, identity) => {
      if (identity !== undefined) fail(PKI_KINDS.identityLayout, {})
      const folder = join(root, 'libvirt')
      return pairIn(folder, join(folder, 'private'), `${role}cert.pem`, `${role}key.pem`)
    },
    request: (role) => join(root, 'libvirt', `${role}request.pem`),
  }),
}

export function layoutAt(name: LayoutName, root: string): Layout {
  return LAYOUTS[name](root)
}

/** The layout that a folder has: that of libvirt where its authority is, else that of QEMU. */
export function findLayout(root: string): Layout {
  const libvirt = layoutAt('libvirt', root)
  return existsSync(libvirt.authority.certificate) ? libvirt : layoutAt('qemu', root)
}

/** Every layout of which there is something below a folder. */
export function findLayouts(root: string): readonly Layout[] {
  return LAYOUT_NAMES.map((name) => layoutAt(name, root)).filter(
    (layout) => existsSync(layout.authority.certificate) || listPairs(layout).length > 0,
  )
}

export type PresentPair = {
  readonly role: EndpointRole
  readonly identity?: IdentityNumber
  readonly paths: PairPaths
}

/** The pairs of which at least one half is there. */
export function listPairs(layout: Layout): readonly PresentPair[] {
  const identities = layout.name === 'qemu' ? [undefined, ...IDENTITY_NUMBERS] : [undefined]
  return ROLES.flatMap((role) =>
    identities.map((identity) => ({
      role,
      ...(identity === undefined ? {} : { identity }),
      paths: layout.pair(role, identity),
    })),
  ).filter(({ paths }) => existsSync(paths.certificate) || existsSync(paths.key))
}

/**
 * Reads the value of `--identity`.
 *
 * @throws DiagnosticError PKI_IDENTITY_INVALID.
 */
export function parseIdentity(text: string): IdentityNumber {
  const identity = IDENTITY_NUMBERS.find((number) => String(number) === text)
  return identity ?? fail(PKI_KINDS.identityInvalid, { text })
}

function pairIn(folder: string, keyFolder: string, certificate: string, key: string): PairPaths {
  return { certificate: join(folder, certificate), key: join(keyFolder, key) }
}
