/** Enumerates running servers, and compares them with what was converted for them. */

import { expect } from 'vitest'
import { TLS_SIGNATURE_SCHEMES } from '../../../../src/algorithms/tls-signatures.ts'
import type { ConversionTarget } from '../../../../src/priority/library-releases.ts'
import type { KeyKind } from '../../../tls/certificates.ts'
import { enumerateProbed } from '../../../tls/prober/enumerate-server.ts'
import { findLooser } from '../../../tls/prober/negotiated.ts'
import type { Probe } from '../../../tls/prober/probe-server.ts'
import { findMissing } from './promised.ts'
import { drawServerCases } from './server-cases.ts'

export type ServerSettings = {
  /** The converted text. */
  readonly text: string
  /** Keys that its security level accepts of the server itself. */
  readonly keys: readonly KeyKind[]
}

/** Starts a server for each, and gives a way to ask it. */
export type StartServers = (settings: readonly ServerSettings[]) => Promise<readonly Probe[]>

/** By the level of security. */
const KEYS: readonly (readonly KeyKind[])[] = [
  ['rsa-2048', 'ec-prime256v1'],
  ['rsa-2048', 'ec-prime256v1'],
  ['rsa-2048', 'ec-prime256v1'],
  ['rsa-3072', 'ec-prime256v1'],
  ['ec-secp384r1'],
  ['ec-secp521r1'],
]

/** Schemes of OpenSSL that the registry has no names for. */
const UNREGISTERED: Readonly<Record<string, number>> = {
  rsa_pkcs1_sha224: 0x0301,
  dsa_sha224: 0x0302,
  ecdsa_sha224: 0x0303,
  dsa_sha256: 0x0402,
  dsa_sha384: 0x0502,
  dsa_sha512: 0x0602,
}

/** Servers negotiate nothing that is neither allowed nor told, and what the conversion claims. */
export async function judgeServers(
  target: ConversionTarget,
  start: StartServers,
  { hasOneKey = false, withStrings = true } = {},
): Promise<void> {
  const cases = drawServerCases(target, { withStrings })
  const settings = cases.map(({ conversion: { text } }, index) => {
    const keys = keysFor(text)
    return { text, keys: hasOneKey ? keys.slice(index % keys.length).slice(0, 1) : keys }
  })
  const probes = await start(settings)
  let answering = 0
  for (const [index, { name, allowed, conversion }] of cases.entries()) {
    const probe = probes[index]
    const negotiated = await enumerateProbed(probe ? [probe] : [])
    const told = new Set(conversion.surplus.map((one) => `signature ${hex(schemeNumber(one))}`))
    const looser = findLooser(negotiated, allowed).filter(
      (found) => !told.has(found.replace(/ in TLS.*/, '')),
    )
    const keys = settings[index]?.keys ?? []
    const missing = findMissing(negotiated, conversion.allowed, keys)
    expect({ name, looser, missing }).toEqual({ name, looser: [], missing: [] })
    if (negotiated.size > 0) answering++
  }
  // A string that signs on one curve only has nothing for the other keys of this test.
  expect(answering).toBeGreaterThan(cases.length / 2)
}

function keysFor(text: string): readonly KeyKind[] {
  return KEYS[Number(/@SECLEVEL=(\d)/.exec(text)?.[1])] ?? []
}

function schemeNumber(name: string): number {
  const scheme = TLS_SIGNATURE_SCHEMES.find((one) => one.name === name)
  return scheme?.number ?? UNREGISTERED[name] ?? 0
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`
}
