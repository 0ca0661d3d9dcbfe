/** What a conversion claims of a server, as far as the server's keys can show it. */
import type { AllowedTls } from '../../../../src/algorithms/allowed-tls.ts'
import { canSign, isTls13Group, isTls13Suite } from '../../../../src/algorithms/handshake-needs.ts'
import { canNegotiate, type TlsSuite } from '../../../../src/algorithms/tls-suites.ts'
import type { KeyKind } from '../../../tls/certificates.ts'
import type { Negotiated } from '../../../tls/prober/negotiated.ts'

const CURVES: Readonly<Record<string, string>> = {
  'ec-prime256v1': 'secp256r1',
  'ec-secp384r1': 'secp384r1',
  'ec-secp521r1': 'secp521r1',
}

/** What is claimed, and was not negotiated. */
export function findMissing(
  negotiated: Negotiated,
  claimed: AllowedTls,
  keys: readonly KeyKind[],
): readonly string[] {
  const usable = keys.filter((key) => isUsable(key, claimed))
  const suites = claimed.suites.filter((suite) => usable.some((key) => canServe(key, suite)))
  const hasTls13 = usable.length > 0 && suites.some(isTls13Suite)
  // A server that prefers its own order keeps to the curve of an ECDSA key, which the client has to have.
  const hasCurves = suites.some((suite) => suite.keyExchange === 'ECDHE-RSA')
  const groups = claimed.groups.filter((group) =>
    hasTls13 ? isTls13Group(group) : hasCurves && group.kind === 'curve',
  )
  const versions = claimed.versions.filter((one) =>
    suites.some((suite) => canNegotiate(suite, one)),
  )
  const seen = [...negotiated.values()]
  const lack = (items: readonly Numbered[], there: readonly number[]): readonly string[] =>
    items.filter(({ number }) => !there.includes(number)).map(({ name }) => name)
  return [
    ...lack(versions, [...negotiated.keys()]),
    ...lack(
      suites,
      seen.flatMap((one) => [...one.suites]),
    ),
    ...lack(
      groups,
      seen.flatMap((one) => [...one.groups]),
    ),
  ]
}

type Numbered = { readonly number: number; readonly name: string }

/** A key on a curve needs the curve among the groups, and a scheme of that curve for TLS 1.3. */
function isUsable(kind: KeyKind, { groups, signatureSchemes }: AllowedTls): boolean {
  const curve = CURVES[kind]
  if (curve === undefined) {
    const schemes = signatureSchemes.filter(({ key }) => key === 'rsa')
    return (['tls1.2', 'tls1.3'] as const).every((version) =>
      schemes.some((scheme) => canSign(scheme, version)),
    )
  }
  const hasScheme = signatureSchemes.some(({ name }) => name.startsWith(`ecdsa_${curve}_`))
  return hasScheme && groups.some(({ name }) => name === curve)
}

function canServe(kind: KeyKind, suite: TlsSuite): boolean {
  const { keyExchange = '' } = suite
  return isTls13Suite(suite) || (kind in CURVES ? /-ECDSA$/ : /RSA$/).test(keyExchange)
}
