/** Chains of peers, with our verdicts; certtool judges them too. */
import { makeKeyCases } from './key-cases.ts'
import {
  AUTHORITY,
  type Description,
  ENDPOINT,
  type Made,
  make,
  makeList,
} from './made-certificate.ts'
import { makeNameCases } from './name-cases.ts'
import { makePathCases } from './path-cases.ts'

export type ChainCase = {
  readonly name: string
  readonly chain: readonly Made[]
  readonly authorities: readonly Made[]
  readonly lists?: readonly string[]
  /** The code of the refusal. */
  readonly verdict?: string
  /** Lines of GnuTLS's configuration below `[overrides]`. */
  readonly overrides?: string
  /** A verification profile; MEDIUM unless given. */
  readonly profile?: 'SUITEB128' | 'SUITEB192'
  /** Where GnuTLS 3.7 judges otherwise, why. */
  readonly differs?: string
}

const server = { ...ENDPOINT, names: [[0x82, Buffer.from('www.qemu.org')]] } as const

export function makeChainCases(): readonly ChainCase[] {
  const root = make({ subject: 'root', ...AUTHORITY })
  const middle = make({ subject: 'middle', issuer: root, ...AUTHORITY })
  const own = make({ subject: 'own', issuer: middle, ...server })
  return [
    { name: 'in order', chain: [own, middle], authorities: [root] },
    { name: 'with the root', chain: [own, middle, root], authorities: [root] },
    { name: 'out of order', chain: [own, root, middle], authorities: [root] },
    { name: 'with strangers', chain: [own, make({ subject: 'x' }), middle], authorities: [root] },
    { name: 'below an authority that is no root', chain: [own], authorities: [middle] },
    { name: 'itself trusted', chain: [root], authorities: [root] },
    { name: 'without its issuer', chain: [own], authorities: [root], verdict: 'NO_ISSUER' },
    { name: 'without authorities', chain: [own, middle], authorities: [], verdict: 'NO_ISSUER' },
    ...attacks(root, middle, own),
    ...revocations(root, middle, own),
    ...timeCases(root),
    ...makeNameCases(),
    ...makePathCases(),
    ...makeKeyCases(),
  ].map((row) => ({ ...row, ...(row.verdict ? { verdict: codeOf(row.verdict) } : {}) }))
}

function codeOf(verdict: string): string {
  return verdict.startsWith('TLS_') ? verdict : `TLS_CERTIFICATE_${verdict}`
}

function attacks(root: Made, middle: Made, own: Made): readonly ChainCase[] {
  const impostor = make({ subject: 'root', ...AUTHORITY })
  const below = make({ subject: 'below', issuer: own, ...server })
  const forged = make({ subject: 'own', issuer: impostor, ...server })
  const loop1 = make({ subject: 'loop 1', ...AUTHORITY })
  const loop2 = make({ subject: 'loop 2', issuer: loop1, ...AUTHORITY })
  const back = make({ subject: 'loop 1', issuer: loop2, ...AUTHORITY }, loop1)
  const looped = make({ subject: 'looped', issuer: loop2, ...server })
  const other = make({ subject: 'other root', ...AUTHORITY })
  const crossed = make({ subject: 'root', issuer: other, ...AUTHORITY }, root)
  const flipped = Buffer.from(own.raw)
  flipped[flipped.length - 1]! ^= 1
  return [
    { name: 'by an impostor', chain: [forged], authorities: [root], verdict: 'BAD_SIGNATURE' },
    {
      name: 'of two with a name',
      chain: [forged],
      authorities: [impostor, root],
      differs: 'it takes the last that has the name',
    },
    { name: 'of two with a name, turned', chain: [forged], authorities: [root, impostor] },
    {
      name: 'below an endpoint',
      chain: [below, own, middle],
      authorities: [root],
      verdict: 'NOT_AUTHORITY',
    },
    { name: 'in a loop', chain: [looped, loop2, back], authorities: [root], verdict: 'NO_ISSUER' },
    { name: 'cross-signed', chain: [own, middle, crossed], authorities: [other] },
    {
      name: 'with a changed signature',
      chain: [{ ...own, raw: flipped }, middle],
      authorities: [root],
      verdict: 'BAD_SIGNATURE',
    },
    {
      name: 'self-signed',
      chain: [make({ subject: 'self', ...server })],
      authorities: [root],
      verdict: 'NO_ISSUER',
    },
    ...constraintCases(),
    ...strengthCases(),
  ]
}

function constraintCases(): readonly ChainCase[] {
  const limited = (pathLength: number, issuer?: Made, key?: Made): Made =>
    make(
      {
        subject: `limit ${pathLength}`,
        ...(issuer ? { issuer } : {}),
        ...AUTHORITY,
        basicConstraints: { critical: true, isAuthority: true, pathLength },
      },
      key,
    )
  const [none, one] = [limited(0), limited(1)]
  const noSign = make({
    subject: 'no sign',
    ...AUTHORITY,
    keyUsage: { critical: false, uses: ['cRLSign'] },
  })
  const odd: Description = { extensions: [['1.2.3.4.5', true, Buffer.from([5, 0])]] }
  const strange = make({ subject: 'strange', ...AUTHORITY, ...odd })
  const chainBelow = (top: Made, levels: number): Made[] => {
    const chain: Made[] = []
    let issuer = top
    for (let level = 0; level < levels; level++) {
      issuer = make({ subject: `level ${level}`, issuer, ...AUTHORITY })
      chain.unshift(issuer)
    }
    return [make({ subject: 'end', issuer, ...server }), ...chain]
  }
  const plain = make({ subject: 'plain', ...AUTHORITY })
  return [
    { name: 'path of 0, none below', chain: chainBelow(none, 0), authorities: [none] },
    {
      name: 'path of 0, one below',
      chain: chainBelow(none, 1),
      authorities: [none],
      verdict: 'PATH_TOO_LONG',
    },
    { name: 'path of 1, one below', chain: chainBelow(one, 1), authorities: [one] },
    {
      name: 'path of 1, two below',
      chain: chainBelow(one, 2),
      authorities: [one],
      verdict: 'PATH_TOO_LONG',
    },
    { name: '16 certificates', chain: chainBelow(plain, 15), authorities: [plain] },
    {
      name: '17 certificates',
      chain: chainBelow(plain, 16),
      authorities: [plain],
      verdict: 'CHAIN_TOO_LONG',
      differs: 'its sessions refuse them, its lists do not',
    },
    {
      name: 'authority without keyCertSign',
      chain: [make({ subject: 'a', issuer: noSign, ...server })],
      authorities: [noSign],
      verdict: 'CANNOT_SIGN',
    },
    {
      name: 'unknown critical extension',
      chain: [make({ subject: 'a', issuer: plain, ...server, ...odd })],
      authorities: [plain],
      verdict: 'UNKNOWN_EXTENSION',
    },
    {
      name: 'unknown critical extension above',
      chain: [make({ subject: 'a', issuer: strange, ...server })],
      authorities: [strange],
      verdict: 'UNKNOWN_EXTENSION',
    },
  ]
}

function strengthCases(): readonly ChainCase[] {
  const plain = make({ subject: 'plain', ...AUTHORITY })
  const weak = make({ subject: 'weak', ...AUTHORITY, key: 'rsa-512', signature: 'SHA256' })
  const sha1 = make({ subject: 'old', issuer: plain, ...server, signature: 'SHA1' })
  const pss = make({ subject: 'pss', ...AUTHORITY, key: 'rsa-pss-2048' })
  const modern = make({ subject: 'modern', ...AUTHORITY, key: 'ed25519' })
  const below = (issuer: Made): Made[] => [make({ subject: 'end', issuer, ...server })]
  return [
    { name: 'SHA1', chain: [sha1], authorities: [plain], verdict: 'TLS_WEAK_SIGNATURE' },
    { name: 'below RSA 512', chain: below(weak), authorities: [weak], verdict: 'TLS_WEAK_KEY' },
    { name: 'below RSA-PSS', chain: below(pss), authorities: [pss] },
    { name: 'below Ed25519', chain: below(modern), authorities: [modern] },
  ]
}

function revocations(root: Made, middle: Made, own: Made): readonly ChainCase[] {
  const impostor = make({ subject: 'middle', ...AUTHORITY })
  const both = { chain: [own, middle], authorities: [root] }
  const list = (signer: Made, revoked: readonly Made[], until = 24, name?: string): string[] => [
    makeList({
      signer,
      revoked: revoked.map(({ serial }) => serial),
      until,
      ...(name ? { name } : {}),
    }),
  ]
  const unchecked = 'certtool verifies lists, sessions of QEMU take them as they stand'
  return [
    {
      name: 'revoked',
      ...both,
      lists: list(middle, [own]),
      verdict: 'REVOKED',
      differs: unchecked,
    },
    { name: 'authority revoked', ...both, lists: list(root, [middle]), verdict: 'REVOKED' },
    { name: 'another revoked', ...both, lists: list(root, [own]) },
    {
      name: 'revoked by an old list',
      ...both,
      lists: list(root, [middle], -1),
      verdict: 'REVOKED',
    },
    {
      name: 'revoked by an impostor',
      ...both,
      lists: list(impostor, [own]),
      verdict: 'REVOKED',
      differs: unchecked,
    },
    { name: 'empty list', ...both, lists: list(root, []) },
  ]
}

function timeCases(root: Made): readonly ChainCase[] {
  const old = make({ subject: 'old', issuer: root, ...AUTHORITY, until: -1 })
  const late = make({ subject: 'late', issuer: root, ...server, from: 1, until: 2 })
  const gone = make({ subject: 'gone', ...AUTHORITY, until: -1 })
  return [
    {
      name: 'below an expired authority',
      chain: [make({ subject: 'a', issuer: old, ...server }), old],
      authorities: [root],
      verdict: 'EXPIRED',
    },
    { name: 'not valid yet', chain: [late], authorities: [root], verdict: 'NOT_YET_VALID' },
    {
      name: 'below an expired root',
      chain: [make({ subject: 'a', issuer: gone, ...server })],
      authorities: [gone],
      verdict: 'EXPIRED',
    },
    {
      name: 'below a root issued again',
      chain: [make({ subject: 'a', issuer: gone, ...server })],
      authorities: [gone, make({ subject: 'gone', ...AUTHORITY }, gone)],
    },
  ]
}
