/** The words of a priority string that share a beginning, such as VERS- and GROUP-. */
import { TLS_VERSIONS } from '../algorithms/tls-versions.ts'
import { toUpperAscii } from './ascii-case.ts'
import { type ChangeBuilder, protocolOf } from './change-builder.ts'
import { GNUTLS_CURVES, GNUTLS_GROUPS, GNUTLS_SIGNATURES } from './gnutls-algorithms.ts'
import * as sets from './keywords.ts'
import type { CertificateType, Change, ListItems, ListName } from './priority-lists.ts'
import { algorithmWord, IGNORED_WORD, type PriorityWord, setWord } from './word.ts'

/** A set, an ignored family, or exact names after a beginning. */
export type WordFamily = {
  readonly prefix: string
  /** What every word with the prefix means. */
  readonly any?: PriorityWord
  /** What follows the prefix; a word that is not here is unknown. */
  readonly members?: ReadonlyMap<string, PriorityWord>
}

export const X509: CertificateType = { name: 'X.509' }
const RAW_PUBLIC_KEY: CertificateType = { name: 'Raw Public Key' }
const CERTIFICATE_WORDS: Readonly<Record<string, CertificateType>> = {
  'X.509': X509,
  X509,
  RAWPK: RAW_PUBLIC_KEY,
}

/**
 * In the order in which GnuTLS tries them, narrow before wide. It compares beginnings only, so
 * `VERS-ALLOWED` means VERS-ALL, and what follows COMP-, MAC-, CIPHER- and KX- never matters.
 */
export function wordFamilies(build: ChangeBuilder): readonly WordFamily[] {
  return [
    ...protocolFamilies(build),
    { prefix: 'COMP-', any: IGNORED_WORD },
    ...groupFamilies(build),
    ...certificateFamilies(),
    ...signatureFamilies(build),
    { prefix: 'MAC-ALL', any: setWord(build.macs(sets.DEFAULT_MACS)) },
    { prefix: 'MAC-GOST-ALL', any: setWord(build.macs(sets.GOST_MACS)) },
    { prefix: 'MAC-', any: IGNORED_WORD },
    { prefix: 'CIPHER-ALL', any: setWord(build.ciphers(sets.DEFAULT_CIPHERS)) },
    { prefix: 'CIPHER-GOST-ALL', any: setWord(build.ciphers(sets.GOST_CIPHERS)) },
    { prefix: 'CIPHER-', any: IGNORED_WORD },
    { prefix: 'KX-ALL', any: setWord(build.keyExchanges(sets.DEFAULT_KEY_EXCHANGES)) },
    { prefix: 'KX-GOST-ALL', any: setWord(build.keyExchanges(sets.GOST_KEY_EXCHANGES)) },
    { prefix: 'KX-', any: IGNORED_WORD },
    { prefix: 'GOST', any: gostWord(build) },
  ]
}

function protocolFamilies(build: ChangeBuilder): readonly WordFamily[] {
  const datagram = build.protocols(
    sets.DATAGRAM_PROTOCOLS,
    sets.REMOVED_DATAGRAM_PROTOCOLS.map(protocolOf),
  )
  return [
    { prefix: 'VERS-TLS-ALL', any: setWord(build.protocols(sets.STREAM_PROTOCOLS)) },
    { prefix: 'VERS-DTLS-ALL', any: setWord(datagram) },
    { prefix: 'VERS-ALL', any: setWord(build.protocols(sets.DEFAULT_PROTOCOLS, 'everything')) },
    { prefix: 'VERS-', members: membersOf('protocols', TLS_VERSIONS) },
  ]
}

function groupFamilies(build: ChangeBuilder): readonly WordFamily[] {
  const groups = GNUTLS_GROUPS.filter((row) => build.has(row))
  return [
    { prefix: 'CURVE-ALL', any: setWord(build.groups(sets.DEFAULT_GROUPS)) },
    { prefix: 'CURVE-', members: curveMembers() },
    { prefix: 'GROUP-ALL', any: setWord(build.groups(sets.DEFAULT_GROUPS)) },
    { prefix: 'GROUP-DH-ALL', any: setWord(build.groups(sets.FINITE_FIELD_GROUPS, 'items')) },
    { prefix: 'GROUP-EC-ALL', any: setWord(build.groups(sets.CURVE_GROUPS, 'items')) },
    { prefix: 'GROUP-GOST-ALL', any: setWord(build.groups(sets.GOST_GROUPS, 'items')) },
    { prefix: 'GROUP-', members: membersOf('groups', groups) },
  ]
}

function curveMembers(): ReadonlyMap<string, PriorityWord> {
  return new Map(
    GNUTLS_CURVES.map(({ name, group }) => {
      const word = algorithmWord({ list: 'groups', items: [group], removes: 'items' })
      return [toUpperAscii(name), { ...word, curve: name }]
    }),
  )
}

function signatureFamilies(build: ChangeBuilder): readonly WordFamily[] {
  const signatures = GNUTLS_SIGNATURES.filter((row) => build.has(row))
  return [
    { prefix: 'SIGN-ALL', any: setWord(build.signatures(sets.DEFAULT_SIGNATURES)) },
    { prefix: 'SIGN-GOST-ALL', any: setWord(build.signatures(sets.GOST_SIGNATURES)) },
    { prefix: 'SIGN-', members: membersOf('signatures', signatures) },
  ]
}

/** Alone among the sets, this one leaves other groups in place when it is removed. */
function gostWord(build: ChangeBuilder): PriorityWord {
  return setWord(
    build.groups(sets.GOST_GROUPS, 'items'),
    build.signatures(sets.GOST_SIGNATURES),
    build.macs(sets.GOST_MACS),
    build.ciphers(sets.GOST_CIPHERS),
    build.keyExchanges(sets.GOST_KEY_EXCHANGES),
  )
}

function certificateFamilies(): readonly WordFamily[] {
  const all = [X509, RAW_PUBLIC_KEY]
  const everyClient = certificates('clientCertificates', all)
  const everyServer = certificates('serverCertificates', all)
  return [
    { prefix: 'CTYPE-ALL', any: setWord(everyClient, everyServer) },
    { prefix: 'CTYPE-CLI-ALL', any: setWord(everyClient) },
    { prefix: 'CTYPE-CLI-', members: certificateMembers('clientCertificates') },
    { prefix: 'CTYPE-SRV-ALL', any: setWord(everyServer) },
    { prefix: 'CTYPE-SRV-', members: certificateMembers('serverCertificates') },
    { prefix: 'CTYPE-OPENPGP', any: IGNORED_WORD },
    { prefix: 'CTYPE-', members: certificateMembers('clientCertificates', 'serverCertificates') },
  ]
}

type CertificateList = 'clientCertificates' | 'serverCertificates'

/** The change that names certificate types. */
export function certificates(list: CertificateList, items: readonly CertificateType[]): Change {
  return { list, items, removes: 'everything' }
}

function certificateMembers(
  ...lists: readonly CertificateList[]
): ReadonlyMap<string, PriorityWord> {
  return new Map(
    Object.entries(CERTIFICATE_WORDS).map(([name, type]) => [
      name,
      algorithmWord(...lists.map((list): Change => ({ list, items: [type], removes: 'items' }))),
    ]),
  )
}

function membersOf<Name extends ListName>(
  list: Name,
  rows: readonly (ListItems[Name] & { readonly name: string })[],
): ReadonlyMap<string, PriorityWord> {
  return new Map(
    rows.map((row) => [
      toUpperAscii(row.name),
      algorithmWord({ list, items: [row], removes: 'items' } as Change),
    ]),
  )
}
