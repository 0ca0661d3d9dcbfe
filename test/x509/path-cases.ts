/** Authorities that were issued again, copies and forms of one authority, and what GnuTLS takes. */
import { element, sequence } from '../tls/certificates.ts'
import type { ChainCase } from './chain-cases.ts'
import { AUTHORITY, type Description, ENDPOINT, type Made, make } from './made-certificate.ts'

const end = (issuer: Made, more: Description = {}): Made =>
  make({ subject: 'end', issuer, ...ENDPOINT, ...more })

export function makePathCases(): readonly ChainCase[] {
  return [
    ...renewals(),
    ...forms(),
    ...trustedEnds(),
    ...sentAbove(),
    ...sentBelowOldRoots(),
    ...strangers(),
    ...limits(),
    ...features(),
    ...oldVersions(),
  ]
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

/** An authority in the file that was sent too, and one above it in the file that no longer counts. */
function sentBelowOldRoots(): readonly ChainCase[] {
  const expired = make({ subject: 'old', ...AUTHORITY, until: -1 })
  const forbidden = make({ subject: 'old', ...AUTHORITY, key: 'ec-secp521r1' })
  const overrides = '[overrides]\ndisabled-curve = SECP521R1\n'
  const rows = (root: Made, verdict: string) => {
    const middle = make({ subject: 'middle', issuer: root, ...AUTHORITY })
    const chain = [end(middle), middle]
    return [
      {
        name: `sent, trusted too: ${verdict} above`,
        chain,
        authorities: [root, middle],
        overrides,
      },
      {
        name: `sent, trusted first: ${verdict} above`,
        chain,
        authorities: [middle, root],
        overrides,
      },
      {
        name: `sent, not trusted: ${verdict} above`,
        chain,
        authorities: [root],
        overrides,
        verdict,
      },
      {
        name: `sent, trusted too: ${verdict} above, end expired`,
        chain: [end(middle, { until: -1 }), middle],
        authorities: [root, middle],
        overrides,
        verdict: 'EXPIRED',
      },
    ]
  }
  return [...rows(expired, 'EXPIRED'), ...rows(forbidden, 'TLS_FORBIDDEN_KEY')]
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
    { name: 'another form of the one in the file', chain: [none], authorities: [good] },
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

/** A chain of which more is sent than leads to the authority that is trusted. */
function sentAbove(): readonly ChainCase[] {
  const root = make({ subject: 'root', ...AUTHORITY })
  const upper = make({ subject: 'upper', issuer: root, ...AUTHORITY })
  const lower = make({ subject: 'lower', issuer: upper, ...AUTHORITY })
  const other = make({ subject: 'other', ...AUTHORITY })
  const crossed = make({ subject: 'upper', issuer: other, ...AUTHORITY }, upper)
  const own = end(lower)
  const verdict = 'NO_ISSUER'
  const whole = [own, lower, upper]
  return [
    { name: 'lower trusted, sent up to it', chain: [own, lower], authorities: [lower] },
    { name: 'lower trusted, sent up to upper', chain: whole, authorities: [lower], verdict },
    { name: 'lower trusted, all sent', chain: [...whole, root], authorities: [lower], verdict },
    { name: 'upper trusted, sent up to it', chain: whole, authorities: [upper] },
    { name: 'upper trusted, all sent', chain: [...whole, root], authorities: [upper] },
    { name: 'lower and root trusted, sent up to upper', chain: whole, authorities: [lower, root] },
    { name: 'another form of the top trusted', chain: [own, lower, crossed], authorities: [upper] },
    {
      name: 'two forms sent, the one without an authority first',
      chain: [own, lower, upper, crossed],
      authorities: [other],
      differs: 'it takes the first that has the name',
    },
  ]
}

/** Certificates that have nothing to do with the chain, and copies. */
function strangers(): readonly ChainCase[] {
  const root = make({ subject: 'root', ...AUTHORITY })
  const middle = make({ subject: 'middle', issuer: root, ...AUTHORITY })
  const sibling = make({ subject: 'sibling', issuer: middle, ...AUTHORITY })
  const other = make({ subject: 'other', ...AUTHORITY })
  const foreign = make({ subject: 'foreign', issuer: other, ...AUTHORITY })
  const own = end(middle)
  const leaf = make({ subject: 'end', issuer: root, ...ENDPOINT })
  const both = [own, middle]
  const [authorities, verdict] = [[middle], 'NO_ISSUER']
  return [
    { name: 'a stranger below a known root', chain: [...both, foreign], authorities: [root] },
    {
      name: 'a stranger between, below a root',
      chain: [own, foreign, middle],
      authorities: [root],
    },
    { name: 'a stranger above the trusted', chain: [...both, foreign], authorities, verdict },
    { name: 'another leaf above the trusted', chain: [...both, leaf], authorities, verdict },
    { name: 'a sibling above the trusted', chain: [...both, sibling], authorities },
    { name: 'a stranger in its place', chain: [own, foreign], authorities },
    { name: 'a strange root above the trusted', chain: [...both, other], authorities },
    { name: 'two roots above the trusted', chain: [...both, root, other], authorities, verdict },
    { name: 'the trusted one twice', chain: [...both, middle], authorities },
    { name: 'the own one again, above', chain: [...both, own], authorities },
    {
      name: 'a stranger whose root is trusted too',
      chain: [...both, foreign],
      authorities: [middle, other],
      verdict,
    },
  ]
}

/** The path length of a root counts although an authority below it is trusted too. */
function limits(): readonly ChainCase[] {
  const limited = (pathLength: number): Made =>
    make({
      subject: `limited to ${pathLength}`,
      ...AUTHORITY,
      basicConstraints: { critical: true, isAuthority: true, pathLength },
    })
  const [none, one] = [limited(0), limited(1)]
  const middle = make({ subject: 'middle', issuer: none, ...AUTHORITY })
  const upper = make({ subject: 'upper', issuer: one, ...AUTHORITY })
  const lower = make({ subject: 'lower', issuer: upper, ...AUTHORITY })
  const sent = [end(middle), middle]
  const long = [end(lower), lower, upper]
  const verdict = 'PATH_TOO_LONG'
  return [
    { name: 'pathlen:0 and below it, sent', chain: sent, authorities: [middle, none], verdict },
    { name: 'below it and pathlen:0, sent', chain: sent, authorities: [none, middle], verdict },
    {
      name: 'the same with the root',
      chain: [...sent, none],
      authorities: [middle, none],
      verdict,
    },
    { name: 'the same, end alone', chain: sent.slice(0, 1), authorities: [middle, none] },
    { name: 'below pathlen:0, root not in the file', chain: sent, authorities: [middle] },
    { name: 'pathlen:1 and upper', chain: long, authorities: [one, upper], verdict },
    { name: 'pathlen:1 and lower', chain: long, authorities: [one, lower], verdict },
    ...limitedBelow(),
    { name: 'pathlen:1 and upper, not sent', chain: long.slice(0, 2), authorities: [one, upper] },
  ]
}

/** A length counts the authorities below the one that has it, and none above. */
function limitedBelow(): readonly ChainCase[] {
  const root = make({ subject: 'root', ...AUTHORITY })
  const limited = (pathLength: number): Made =>
    make({
      subject: `below the root, limited to ${pathLength}`,
      issuer: root,
      ...AUTHORITY,
      basicConstraints: { critical: true, isAuthority: true, pathLength },
    })
  const row = (name: string, pathLength: number, below: number, verdict?: string): ChainCase => {
    const authorities = [limited(pathLength)]
    while (authorities.length <= below) {
      const issuer = authorities[0] as Made
      authorities.unshift(make({ subject: `level ${authorities.length}`, issuer, ...AUTHORITY }))
    }
    const chain = [end(authorities[0] as Made), ...authorities]
    return { name, chain, authorities: [root], ...(verdict === undefined ? {} : { verdict }) }
  }
  const verdict = 'PATH_TOO_LONG'
  return [
    row('pathlen:0 below the root', 0, 0),
    row('pathlen:0 below the root, one below it', 0, 1, verdict),
    row('pathlen:1 below the root, one below it', 1, 1),
    row('pathlen:1 below the root, two below it', 1, 2, verdict),
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
