/** Authorities that were issued again, copies and forms of one authority, and what GnuTLS takes. */
import { element, sequence } from '../tls/certificates.ts'
import type { ChainCase } from './chain-cases.ts'
import { AUTHORITY, type Description, ENDPOINT, type Made, make } from './made-certificate.ts'

const end = (issuer: Made, more: Description = {}): Made =>
  make({ subject: 'end', issuer, ...ENDPOINT, ...more })

export function makePathCases(): readonly ChainCase[] {
  return [...renewals(), ...forms(), ...trustedEnds(), ...features(), ...oldVersions()]
}

function renewals(): readonly ChainCase[] {
  const root = make({ subject: 'root', ...AUTHORITY })
  const middle = { subject: 'middle', issuer: root, ...AUTHORITY }
  const expired = make({ ...middle, until: -1 })
  const renewed = make(middle, expired)
  const rekeyed = make(middle)
  const chain = [end(expired), renewed]
  return [
    { name: 'renewed, the old one in the file', chain, authorities: [root, expired] },
    { name: 'renewed, the old one first', chain, authorities: [expired, root] },
    { name: 'renewed, both in the file', chain: [end(expired)], authorities: [expired, renewed] },
    {
      name: 'expired, sent and in the file',
      chain: [end(expired), expired],
      authorities: [root, expired],
      verdict: 'EXPIRED',
    },
    { name: 'renewed with another key', chain: [end(rekeyed), rekeyed], authorities: [root] },
    {
      name: 'both forms sent, the old one first',
      chain: [end(expired), expired, renewed],
      authorities: [root],
      // QEMU looks at the times of all that was sent.
      verdict: 'EXPIRED',
    },
    {
      name: 'two keys of a name sent, the other first',
      chain: [end(rekeyed), renewed, rekeyed],
      authorities: [root],
      differs: 'it takes the first that has the name',
    },
  ]
}

function forms(): readonly ChainCase[] {
  const good = make({ subject: 'root', ...AUTHORITY })
  const form = (more: Description): Made => make({ subject: 'root', ...AUTHORITY, ...more }, good)
  const zero = form({
    basicConstraints: { critical: true, isAuthority: true, pathLength: 0 },
    from: -30,
  })
  const none = form({ ...ENDPOINT, from: -30 })
  const middle = make({ subject: 'middle', issuer: good, ...AUTHORITY })
  const chain = [end(middle), middle]
  const others = Array.from({ length: 4 }, () => make({ subject: 'root', ...AUTHORITY }))
  return [
    { name: 'pathlen:0 first, good second', chain, authorities: [zero, good] },
    {
      name: 'good first, pathlen:0 second',
      chain,
      authorities: [good, zero],
      differs: 'it takes the last that is valid',
    },
    { name: 'CA:FALSE first, good second', chain: [end(good)], authorities: [none, good] },
    {
      name: 'CA:FALSE alone',
      chain: [end(good)],
      authorities: [none],
      verdict: 'NOT_AUTHORITY',
    },
    { name: 'the same one twice', chain, authorities: [good, good] },
    {
      name: 'one of five with the name',
      chain,
      authorities: [...others, good],
    },
    { name: 'the own certificate twice', chain: [chain[0]!, ...chain], authorities: [good] },
  ]
}

const SESSIONS_ONLY = 'sessions take it, certtool wants an authority'

/** A certificate that is not an authority's may be trusted by itself. */
function trustedEnds(): readonly ChainCase[] {
  const root = make({ subject: 'root', ...AUTHORITY })
  const middle = make({ subject: 'middle', issuer: root, ...AUTHORITY })
  const own = end(middle)
  const expired = end(middle, { until: -1 })
  const verdict = 'NO_ISSUER'
  return [
    {
      name: 'trusted by itself, alone',
      chain: [own],
      authorities: [own],
      differs: SESSIONS_ONLY,
    },
    {
      name: 'trusted by itself, with a root',
      chain: [own, root],
      authorities: [own],
      differs: SESSIONS_ONLY,
    },
    {
      name: 'trusted by itself, with its issuer',
      chain: [own, middle],
      authorities: [own],
      verdict,
    },
    {
      name: 'trusted by itself, with both',
      chain: [own, middle, root],
      authorities: [own],
      verdict,
    },
    {
      name: 'trusted by itself, expired',
      chain: [expired],
      authorities: [expired],
      verdict: 'EXPIRED',
    },
  ]
}

/** Features ::= SEQUENCE OF INTEGER. */
const withFeatures = (...numbers: number[]): Description => ({
  extensions: [
    [
      '1.3.6.1.5.5.7.1.24',
      false,
      sequence(...numbers.map((number) => element(0x02, Buffer.from([number])))),
    ],
  ],
})

function features(): readonly ChainCase[] {
  const root = make({ subject: 'root', ...AUTHORITY, ...withFeatures(5) })
  const middle = make({ subject: 'middle', issuer: root, ...AUTHORITY })
  const both = make({ subject: 'both', issuer: root, ...AUTHORITY, ...withFeatures(5, 17) })
  const authorities = [root]
  const verdict = 'MISSING_FEATURE'
  const [most, tooMany] = [64, 65].map((length) =>
    withFeatures(...Array.from({ length }, (_, index) => index + 1)),
  )
  const crowded = make({ subject: 'crowded', ...AUTHORITY, ...tooMany })
  const full = make({ subject: 'full', ...AUTHORITY, ...most })
  const plain = make({ subject: 'plain', ...AUTHORITY })
  return [
    { name: 'below a feature, without it', chain: [end(root)], authorities, verdict },
    { name: 'below a feature, with it', chain: [end(root, withFeatures(5))], authorities },
    {
      name: 'below a feature, with another',
      chain: [end(root, withFeatures(17))],
      authorities,
      verdict,
    },
    {
      name: 'a feature that the authority between lacks',
      chain: [end(middle, withFeatures(5)), middle],
      authorities,
      verdict,
    },
    {
      name: 'a feature of the authority between',
      chain: [end(both, withFeatures(5)), both],
      authorities,
      verdict,
    },
    { name: '64 features', chain: [end(full, most)], authorities: [full] },
    {
      name: '65 features of an authority',
      chain: [end(crowded, tooMany)],
      authorities: [crowded],
      verdict: 'TOO_MANY_FEATURES',
    },
    {
      name: '65 features below a feature',
      chain: [end(root, tooMany)],
      authorities,
      verdict: 'TOO_MANY_FEATURES',
    },
    { name: '65 features below none', chain: [end(plain, tooMany)], authorities: [plain] },
    { name: 'all features', chain: [end(both, withFeatures(5, 17)), both], authorities },
  ]
}

function oldVersions(): readonly ChainCase[] {
  const first = make({ subject: 'first', version: 1 })
  const bare = make({ subject: 'bare' })
  const root = make({ subject: 'root', ...AUTHORITY })
  const signed = make({ subject: 'signed', issuer: root, version: 1 })
  const profile = 'SUITEB128'
  const verdict = 'OLD_VERSION'
  return [
    { name: 'below a root without basicConstraints', chain: [end(bare)], authorities: [bare] },
    { name: 'below a root of version 1', chain: [end(first)], authorities: [first] },
    { name: 'below an authority of version 1', chain: [end(signed)], authorities: [signed] },
    {
      name: 'below a sent authority of version 1',
      chain: [end(signed), signed],
      authorities: [root],
      verdict: 'NOT_AUTHORITY',
    },
    { name: 'of version 1', chain: [signed], authorities: [root] },
    { name: 'of version 1 in Suite B', chain: [signed], authorities: [root], profile, verdict },
    {
      name: 'below version 1 in Suite B',
      chain: [end(first)],
      authorities: [first],
      profile,
      verdict,
    },
    { name: 'of version 3 in Suite B', chain: [end(root)], authorities: [root], profile },
  ]
}
