/** The cases that QEMU tests its TLS sessions with, and the verdicts of both sides. */
import { AUTHORITY, type Made, make } from '../../x509/made-certificate.ts'
import { endpoint, type FolderContent, names, ROOT_CA, ukName } from './folder.ts'

export type SessionCase = {
  readonly name: string
  /** Folders of the server and of the client. */
  readonly server: FolderContent
  readonly client: FolderContent
  readonly hostname: string
  /** Globs on the client's name that are allowed; without them every client with a good certificate may come in. */
  readonly rules?: readonly string[]
  /** Whether each side goes on. */
  readonly passes: { readonly server: boolean; readonly client: boolean }
  /** What the side that refuses says. */
  readonly code?: string
}

export const OTHER_ROOT = make({ subject: 'Other Root', ...AUTHORITY })
export const LEVEL_1A = make({ subject: 'Level 1A', issuer: ROOT_CA, ...AUTHORITY })
export const LEVEL_1B = make({ subject: 'Level 1B', issuer: ROOT_CA, ...AUTHORITY })
export const LEVEL_2A = make({ subject: 'Level 2A', issuer: LEVEL_1A, ...AUTHORITY })

const QEMU_ORG = endpoint({ subject: 'qemu.org' })
const ADDRESSES = endpoint({
  subject: 'qemu.org',
  names: names(
    ['dns', 'www.qemu.org'],
    ['dns', 'qemu.org'],
    ['ip', [192, 168, 122, 1]],
    ['ip', [0xfe, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xde, 0xad, 0xbe, 0xaf]],
  ),
})
const NAMES = endpoint({
  subject: 'qemu.org',
  names: names(['dns', 'www.qemu.org'], ['dns', 'wiki.qemu.org']),
})

const BOTH = { server: true, client: true }

function hostCase(name: string, server: Made, hostname: string, isFor: boolean): SessionCase {
  const passes = { server: true, client: isFor }
  const code = isFor ? {} : { code: 'TLS_HOST_MISMATCH' }
  return { name, server: { server: [server] }, client: {}, hostname, passes, ...code }
}

function ruleCase(name: string, isAllowed: boolean, ...rules: string[]): SessionCase {
  const passes = { server: isAllowed, client: true }
  const code = isAllowed ? {} : { code: 'TLS_NOT_AUTHORIZED' }
  const server = { server: [QEMU_ORG] }
  return { name, server, client: {}, hostname: 'qemu.org', rules, passes, ...code }
}

const CHAINS = [ROOT_CA, LEVEL_1A, LEVEL_1B, LEVEL_2A]

export const SESSION_CASES: readonly SessionCase[] = [
  hostCase('basicca', QEMU_ORG, 'qemu.org', true),
  {
    name: 'differentca',
    server: { server: [QEMU_ORG] },
    client: {
      authorities: [OTHER_ROOT],
      client: [endpoint({ subject: ukName('qemu') }, OTHER_ROOT)],
    },
    hostname: 'qemu.org',
    passes: { server: false, client: false },
    code: 'TLS_CERTIFICATE_NO_ISSUER',
  },
  hostCase('altname1', ADDRESSES, 'qemu.org', true),
  hostCase('altname2', ADDRESSES, 'www.qemu.org', true),
  hostCase('altname3', ADDRESSES, 'wiki.qemu.org', false),
  hostCase('altname4', ADDRESSES, '192.168.122.1', true),
  hostCase('altname5', ADDRESSES, 'fec0::dead:beaf', true),
  hostCase('altname6', NAMES, 'qemu.org', false),
  hostCase('altname7', NAMES, 'www.qemu.org', true),
  hostCase('altname8', NAMES, 'wiki.qemu.org', true),
  ruleCase('wildcard1', false, 'C=UK,CN=dogfood'),
  ruleCase('wildcard2', true, 'C=UK,CN=qemu'),
  ruleCase('wildcard3', true, 'C=UK,CN=dogfood', 'C=UK,CN=qemu'),
  ruleCase('wildcard4', false, 'C=UK,CN=qemustuff'),
  ruleCase('wildcard5', true, 'C=UK,CN=qemu*'),
  ruleCase('wildcard6', true, 'C=UK,CN=*emu*'),
  {
    name: 'cachain',
    server: { authorities: CHAINS, server: [endpoint({ subject: 'qemu.org' }, LEVEL_2A)] },
    client: { authorities: CHAINS, client: [endpoint({ subject: ukName('qemu') }, LEVEL_1B)] },
    hostname: 'qemu.org',
    passes: BOTH,
  },
]

/** The rules of a case as an `authz-list` with the id `authz0`. */
export function authzList(rules: readonly string[]): string {
  const list = rules.map(
    (match, index) =>
      `rules.${index}.match=${match.replaceAll(',', ',,')},rules.${index}.format=glob,rules.${index}.policy=allow`,
  )
  return ['authz-list,id=authz0', ...list].join(',')
}
