/** The cases that QEMU tests its checks with, and more, with the verdicts of its master branch. */
import type { TlsRole } from '../../src/algorithms/tls-role.ts'
import type { KeyUse } from '../../src/x509/certificate.ts'
import {
  AUTHORITY,
  CLIENT_AUTH,
  type Description,
  ENDPOINT,
  type Made,
  make,
  SERVER_AUTH,
} from './made-certificate.ts'

export type CredentialCase = {
  readonly name: string
  readonly role: TlsRole
  /** The endpoint's own file: its certificate first. */
  readonly chain: readonly Made[]
  readonly authorities: readonly Made[]
  /** The code of the first refusal, or undefined where it passes. */
  readonly verdict: string | undefined
  /** Whether QEMU 7.2 refuses, where it differs from master. */
  readonly oldRefuses?: boolean
}

const [server, client] = [SERVER_AUTH, CLIENT_AUTH]

function usage(critical: boolean, ...uses: KeyUse[]): Description {
  return { keyUsage: { critical, uses } }
}

function purposes(critical: boolean, ...list: string[]): Description {
  return { extendedKeyUsage: { critical, purposes: list } }
}

const signs = usage(true, 'digitalSignature')
const PLAIN_CA: Description = { basicConstraints: AUTHORITY.basicConstraints }

function refusal(code: string | undefined): string | undefined {
  return code && `TLS_CERTIFICATE_${code}`
}

type Row = readonly [
  name: string,
  role: TlsRole,
  authority: Description,
  leaf: Description,
  verdict?: string,
]

/** The leaf is critical CA:FALSE, if the row does not say otherwise. */
const ROWS: readonly Row[] = [
  ['perfectserver', 'server', AUTHORITY, { ...signs, ...purposes(true, server) }],
  ['perfectclient', 'client', AUTHORITY, { ...signs, ...purposes(true, client) }],
  ['goodca1', 'server', PLAIN_CA, { ...signs, ...purposes(true, server) }],
  ['goodca2', 'server', { basicConstraints: { critical: false, isAuthority: true } }, signs],
  ['goodca3', 'server', AUTHORITY, signs],
  ['badca1', 'server', { ...PLAIN_CA, ...usage(false, 'digitalSignature') }, signs, 'CANNOT_SIGN'],
  ['badca2', 'server', {}, signs, 'NOT_AUTHORITY'],
  ['badca3', 'server', { ...PLAIN_CA, ...signs }, signs, 'CANNOT_SIGN'],
  ...(['server', 'client'] as const).flatMap((role) => roleRows(role)),
  ['expired1', 'server', { ...AUTHORITY, until: -1 }, signs, 'EXPIRED'],
  ['expired2', 'server', AUTHORITY, { ...signs, until: -1 }, 'EXPIRED'],
  ['expired3', 'client', AUTHORITY, { ...signs, until: -1 }, 'EXPIRED'],
  ['inactive1', 'server', { ...AUTHORITY, from: 1, until: 2 }, signs, 'NOT_YET_VALID'],
  ['inactive2', 'server', AUTHORITY, { ...signs, from: 1, until: 2 }, 'NOT_YET_VALID'],
  ['inactive3', 'client', AUTHORITY, { ...signs, from: 1, until: 2 }, 'NOT_YET_VALID'],
  ['unknown purpose', 'server', AUTHORITY, purposes(false, '1.2.3.4.5')],
  ['any purpose', 'server', AUTHORITY, purposes(true, '2.5.29.37.0')],
  ['code signing', 'server', AUTHORITY, purposes(true, '1.3.6.1.5.5.7.3.3'), 'PURPOSE'],
  ['leaf is authority', 'server', AUTHORITY, { ...signs, ...PLAIN_CA }, 'IS_AUTHORITY'],
  ['leaf without constraints', 'server', AUTHORITY, { ...signs, basicConstraints: undefined }],
  ['encipherment only', 'server', AUTHORITY, usage(true, 'keyEncipherment'), 'KEY_USAGE'],
  ...unknownExtensionRows(),
  [
    'path length',
    'server',
    { ...AUTHORITY, basicConstraints: { critical: true, isAuthority: true, pathLength: 0 } },
    signs,
  ],
  [
    'authority signs lists only',
    'server',
    { ...PLAIN_CA, ...usage(true, 'cRLSign') },
    signs,
    'CANNOT_SIGN',
  ],
  ['leaf with SHA1', 'server', AUTHORITY, { ...signs, signature: 'SHA1' }, 'TLS_WEAK_SIGNATURE'],
  ['authority with SHA1', 'server', { ...AUTHORITY, signature: 'SHA1' }, signs],
]

/** The mirror images of goodserver1..7 and badserver1..3. */
function roleRows(role: TlsRole): readonly Row[] {
  const [own, other] = role === 'server' ? [server, client] : [client, server]
  const row = (name: string, leaf: Description, verdict?: string): Row =>
    verdict === undefined
      ? [`good${role}${name}`, role, AUTHORITY, leaf]
      : [`bad${role}${name}`, role, AUTHORITY, leaf, verdict]
  return [
    row('1', {}),
    row('2', usage(true, 'digitalSignature', 'keyCertSign')),
    row('3', usage(false, 'keyCertSign')),
    row('4', purposes(true, own)),
    row('5', purposes(false, own)),
    row('6', purposes(true, client, server)),
    row('7', purposes(false, client, server)),
    row('1', usage(true, 'keyCertSign'), 'KEY_USAGE'),
    row('2', purposes(true, other), 'PURPOSE'),
    row('3', usage(true), 'KEY_USAGE'),
  ]
}

function unknownExtensionRows(): readonly Row[] {
  const unknown = (critical: boolean): Description => ({
    extensions: [['1.2.3.4.5.6', critical, Buffer.from([0x05, 0x00])]],
  })
  return [
    ['unknown extension', 'server', AUTHORITY, { ...signs, ...unknown(false) }],
    [
      'unknown critical extension',
      'server',
      AUTHORITY,
      { ...signs, ...unknown(true) },
      'UNKNOWN_EXTENSION',
    ],
    [
      'authority with unknown critical extension',
      'server',
      { ...AUTHORITY, ...unknown(true) },
      signs,
      'UNKNOWN_EXTENSION',
    ],
  ]
}

/** The files of a case, named as QEMU names them. */
export function filesOf({ role, chain, authorities }: CredentialCase): Record<string, string> {
  const own = { [`${role}-cert.pem`]: join(chain), [`${role}-key.pem`]: chain[0]?.key ?? '' }
  return { 'ca-cert.pem': join(authorities), ...(chain.length > 0 ? own : {}) }
}

function join(certificates: readonly Made[]): string {
  return certificates.map(({ certificate }) => certificate).join('')
}

function makeRow([name, role, authority, leaf, verdict]: Row): CredentialCase {
  const ca = make({ subject: 'Test CA', ...authority })
  const own = make({ subject: 'qemu.org', issuer: ca, ...ENDPOINT, ...leaf })
  const code = verdict?.startsWith('TLS_') ? verdict : refusal(verdict)
  return { name, role, chain: [own], authorities: [ca], verdict: code }
}

/** The root, two levels below it, and endpoints at the lower ones. */
function makeChains(): readonly CredentialCase[] {
  const root = make({ subject: 'root', ...AUTHORITY })
  const other = make({ subject: 'other root', ...AUTHORITY })
  const below = (subject: string, issuer: Made, more: Description = {}): Made =>
    make({ subject, issuer, ...AUTHORITY, ...more })
  const [first1a, first1b] = [below('level 1a', root), below('level 1b', root)]
  const late = below('level 1c', root, { from: 1, until: 2 })
  const second = below('level 2a', first1a)
  const own = make({ subject: 'qemu.org', issuer: second, ...ENDPOINT, ...signs })
  const guest = make({ subject: 'qemu', issuer: first1b, ...ENDPOINT, ...signs })
  const all = [root, first1a, first1b, second]
  const row = (
    name: string,
    chain: readonly Made[],
    authorities: readonly Made[],
    verdict?: string,
    oldRefuses = verdict !== undefined,
    role: TlsRole = 'server',
  ): CredentialCase => ({ name, role, chain, authorities, verdict: refusal(verdict), oldRefuses })
  return [
    row('chain1', [own], all),
    row('chain2', [guest], all, undefined, false, 'client'),
    row('certchainwithexpiredcert', [own], [...all, late], undefined, true),
    row('chainincomplete', [own], [root, second], 'NO_ISSUER', false),
    row('serverchain', [own, second, first1a], [root], undefined, true),
    row('multiplecaswithchain', [own, second, first1a], [other, root], undefined, true),
    row('incompleteserverchain', [own, second], [root], 'NO_ISSUER'),
    row('unsortedserverchain', [own, first1a, second], [root], 'WRONG_ORDER'),
    row('clientchain', [guest, first1b], [root], undefined, true, 'client'),
    ...makeAttacks(root, other),
  ]
}

/** Chains that only real signatures and real limits tell from good ones. */
function makeAttacks(root: Made, other: Made): readonly CredentialCase[] {
  const impostor = make({ subject: 'root', ...AUTHORITY })
  const own = make({ subject: 'qemu.org', issuer: impostor, ...ENDPOINT })
  const good = make({ subject: 'qemu.org', issuer: root, ...ENDPOINT })
  const short = { critical: true, isAuthority: true, pathLength: 0 }
  const narrow = make({ subject: 'narrow', ...AUTHORITY, basicConstraints: short })
  const under = make({ subject: 'under', issuer: narrow, ...AUTHORITY })
  const deep = make({ subject: 'qemu.org', issuer: under, ...ENDPOINT })
  const self = make({ subject: 'qemu.org', ...ENDPOINT })
  const expired = make({ ...root.description, until: -1 }, root)
  const second = make({ subject: 'second', issuer: root, ...ENDPOINT })
  const row = (
    name: string,
    chain: readonly Made[],
    authorities: readonly Made[],
    verdict?: string,
    oldRefuses = verdict !== undefined,
  ): CredentialCase => {
    return { name, role: 'server', chain, authorities, verdict: refusal(verdict), oldRefuses }
  }
  return [
    row('issuer of the same name', [own], [root], 'BAD_SIGNATURE'),
    row('unknown issuer', [own], [other], 'NO_ISSUER'),
    row('one authority among others', [good], [other, root]),
    row('too many authorities below one', [deep, under], [narrow], 'PATH_TOO_LONG'),
    row('self-signed', [self], [root], 'NOT_AUTHORITY'),
    row('self-signed and trusted', [self], [self], 'NOT_AUTHORITY'),
    row('renewed authority before the expired one', [good], [root, expired], undefined, true),
    row('expired authority before the renewed one', [good], [expired, root], 'EXPIRED'),
    row('impostor before the authority', [good], [impostor, root]),
    row(
      'a wrong authority in a wrong place',
      [good, other, second],
      [root],
      'NOT_AUTHORITY',
      false,
    ),
  ]
}

export function makeCases(): readonly CredentialCase[] {
  return [...ROWS.map(makeRow), ...makeChains()]
}
