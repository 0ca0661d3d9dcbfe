/** Finds everything that a server negotiates: offers all there is, takes away what it chose, and asks again. */
import type { TlsOptions } from 'node:tls'
import { findTlsSuite } from '../../../src/algorithms/tls-suites.ts'
import type { TlsSettings } from '../../../src/tls/tls-options.ts'
import { type Identity, type KeyKind, makeIdentity } from '../certificates.ts'
import type { Offer } from './client-hello.ts'
import { EVERY_GROUP, EVERY_SCHEME, EVERY_SUITE } from './every-number.ts'
import { keyShare } from './key-share.ts'
import { type Negotiated, type Seen, seenIn } from './negotiated.ts'
import { type Probe, startProbing } from './probe-server.ts'
import type { Answer } from './server-answer.ts'

const TLS12 = 0x0303
const TLS13 = 0x0304
/** The groups of CURVES. */
const KEY_GROUPS: readonly number[] = [23, 24, 25]
const EVERYTHING = { suites: EVERY_SUITE, groups: EVERY_GROUP, schemes: EVERY_SCHEME }

/** A server has one key of each of these kinds, of ECDSA one curve at a time. */
const KINDS: readonly KeyKind[] = [
  ...(['rsa-pss-2048', 'dsa-1024', 'ed25519', 'ed448'] as const),
  ...(['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87', 'rsa-2048'] as const),
]
const CURVES: readonly KeyKind[] = ['ec-prime256v1', 'ec-secp384r1', 'ec-secp521r1']

/** Enumerates what a server with these settings negotiates with any client. */
export async function enumerateServer(settings: TlsSettings): Promise<Negotiated> {
  return enumerateProbed(CURVES.map((curve) => startProbing(withKeys(settings, curve))))
}

/** Enumerates what servers negotiate that differ in the curve of their ECDSA key only. */
export async function enumerateProbed(probes: readonly Probe[]): Promise<Negotiated> {
  const negotiated: Negotiated = new Map()
  const [probe, ...others] = probes
  if (!probe) return negotiated
  for (const legacyVersion of [0x0300, 0x0301, 0x0302, TLS12]) {
    const offer = { ...EVERYTHING, legacyVersion }
    await enumerateOld(probe, offer, negotiated)
    // A client has to know the curve of an ECDSA key too, so each key shows other groups.
    for (const other of others) await enumerateCurves(other, offer, negotiated)
    // The same version, asked for in the way of TLS 1.3.
    await enumerateSuites(
      probe,
      { ...EVERYTHING, legacyVersion: TLS12, versions: [legacyVersion] },
      negotiated,
    )
  }
  await enumerateNew([probe, ...others], negotiated)
  return negotiated
}

/** Keys too weak for the endpoint's own security level would keep it from starting. */
function withKeys(settings: TlsSettings, curve: KeyKind): TlsOptions {
  const level = Number(/@SECLEVEL=(\d)/.exec(settings.options.ciphers ?? '')?.[1])
  const kinds = [...KINDS, curve].filter((kind) => level < 2 || !kind.startsWith('dsa'))
  const strong = level < 3 ? kinds : kinds.filter((kind) => /^(ml|ed|ec)/.test(kind))
  const identities: readonly Identity[] = strong.map((kind) => makeIdentity('localhost', kind))
  return {
    ...settings.options,
    cert: identities.map(({ certificate }) => certificate),
    key: identities.map(({ key }) => key),
    pskCallback: () => Buffer.alloc(16, 1),
  }
}

/** Versions before TLS 1.3, which say what they chose in clear. */
async function enumerateOld(probe: Probe, offer: Offer, negotiated: Negotiated): Promise<void> {
  await enumerateSuites(probe, offer, negotiated)
  const curves = await enumerateCurves(probe, offer, negotiated)
  const primes = offer.suites.filter((suite) => /^(DHE|ANON-DH)/.test(exchangeOf(suite)))
  const signed = offer.suites.filter((suite) => /DHE-(RSA|ECDSA|DSS)$/.test(exchangeOf(suite)))
  for (const suites of [primes, curves]) await ask(probe, { ...offer, suites }, negotiated)
  if (offer.legacyVersion === TLS12) await enumerateSchemes(probe, offer, negotiated)
  // Saying nothing leaves the choice to the server.
  const { groups: _, ...withoutGroups } = offer
  await ask(probe, { ...withoutGroups, suites: curves }, negotiated)
  const { schemes: __, ...withoutSchemes } = offer
  for (const suites of [signed, primes, curves]) {
    await ask(probe, { ...withoutSchemes, suites }, negotiated)
  }
}

/**
 * One by one: a server that is offered many settles on a kind of key before it signs. A kind of which
 * nothing was chosen, where every scheme was on offer, has none.
 */
async function enumerateSchemes(probe: Probe, offer: Offer, negotiated: Negotiated): Promise<void> {
  for (const kind of ['RSA', 'ECDSA', 'DSS']) {
    const suites = offer.suites.filter((suite) => exchangeOf(suite).endsWith(`DHE-${kind}`))
    if (!suites.some((suite) => negotiated.get(TLS12)?.suites.has(suite))) continue
    for (const scheme of EVERY_SCHEME) {
      await ask(probe, { ...offer, suites, schemes: [scheme] }, negotiated)
    }
  }
}

/** The group of an ECDSA key stays on offer to the end: without it the key could not be used. */
async function enumerateCurves(
  probe: Probe,
  offer: Offer,
  negotiated: Negotiated,
): Promise<readonly number[]> {
  const suites = offer.suites.filter((suite) => /ECDH/.test(exchangeOf(suite)))
  for (const keyGroup of [undefined, ...KEY_GROUPS]) {
    const keep = keyGroup === undefined ? [] : [keyGroup]
    await takeAway(probe, { ...offer, suites }, 'groups', negotiated, keep)
  }
  return suites
}

async function enumerateSuites(probe: Probe, offer: Offer, negotiated: Negotiated): Promise<void> {
  await takeAway(probe, offer, 'suites', negotiated)
}

/** TLS 1.3: suites and groups from requests for another share, signatures one by one. */
async function enumerateNew(probes: readonly Probe[], negotiated: Negotiated): Promise<void> {
  const offer: Offer = { ...EVERYTHING, legacyVersion: TLS12, versions: [TLS13] }
  for (const probe of probes) {
    await takeAway(probe, offer, 'suites', negotiated)
    await takeAway(probe, offer, 'groups', negotiated)
  }
  const groups = [...(negotiated.get(TLS13)?.groups ?? [])]
  const [cheapest] = groups.toSorted((a, b) => EASE.indexOf(b) - EASE.indexOf(a))
  if (cheapest === undefined) return
  for (const [index, probe] of probes.entries()) {
    const shares = index === 0 ? groups : []
    for (const group of shares) await ask(probe, withShare(offer, group), negotiated)
    for (const scheme of EVERY_SCHEME) {
      const single = { ...withShare(offer, cheapest), schemes: [scheme] }
      const answer = await ask(probe, single, negotiated)
      if (answer && !answer.isRetry) seenIn(negotiated, TLS13).schemes.add(scheme)
    }
  }
}

function withShare(offer: Offer, group: number): Offer {
  return { ...offer, groups: [group], keyShare: keyShare(group) }
}

/** Groups that cost least to compute on, the cheapest last. */
const EASE: readonly number[] = [0x11ec, 25, 24, 23, 29]

/** Offers less and less of one class, until the server refuses or chooses nothing of it. */
async function takeAway(
  probe: Probe,
  offer: Offer,
  field: 'suites' | 'groups',
  negotiated: Negotiated,
  keep: readonly number[] = [],
): Promise<void> {
  let left = (offer[field] ?? []).filter((number) => !keep.includes(number))
  while (left.length > 0) {
    const answer = await ask(probe, { ...offer, [field]: [...left, ...keep] }, negotiated)
    const chosen = answer && { suites: answer.suite, groups: answer.group }[field]
    if (chosen === undefined || !left.includes(chosen)) return
    left = left.filter((number) => number !== chosen)
  }
}

async function ask(
  probe: Probe,
  offer: Offer,
  negotiated: Negotiated,
): Promise<Answer | undefined> {
  const answer = await probe(offer)
  if (answer) record(seenIn(negotiated, answer.version), answer)
  return answer
}

function record(seen: Seen, { suite, group, scheme, prime }: Answer): void {
  seen.suites.add(suite)
  if (group !== undefined) seen.groups.add(group)
  if (scheme !== undefined) seen.schemes.add(scheme)
  if (prime !== undefined) seen.primes.add(prime)
}

function exchangeOf(number: number): string {
  return findTlsSuite(number)?.keyExchange ?? ''
}
