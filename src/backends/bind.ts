/** BIND: named.conf statements that disable DNSSEC algorithms and digests (BIND 9 ARM, options). */
import type { HashName } from '../algorithms/hash.ts'
import type { SignatureName } from '../algorithms/signature.ts'
import type { EffectivePolicy } from '../policy/effective-policy.ts'
import { defineBackend } from './backend.ts'
import { translate, type Words } from './translate.ts'

/** DNSSEC algorithm mnemonics, IANA registry "DNS Security Algorithm Numbers". */
const ALGORITHMS: Words<SignatureName> = {
  'DSA-SHA1': ['DSA', 'NSEC3DSA'],
  'RSA-SHA1': ['RSASHA1', 'NSEC3RSASHA1'],
  'RSA-SHA2-256': 'RSASHA256',
  'RSA-SHA2-512': 'RSASHA512',
  GOSTR341001: 'ECCGOST',
  'ECDSA-SHA2-256': 'ECDSAP256SHA256',
  'ECDSA-SHA2-384': 'ECDSAP384SHA384',
  'EDDSA-ED25519': 'ED25519',
  'EDDSA-ED448': 'ED448',
}

/** DS digest types, IANA registry "Delegation Signer (DS) Resource Record Digest Algorithms". */
const DIGESTS: Words<HashName> = {
  SHA1: 'SHA-1',
  'SHA2-256': 'SHA-256',
  'SHA2-384': 'SHA-384',
  GOSTR94: 'GOST',
}

/** The curve that a DNSSEC algorithm fixes (RFC 6605): without it, the algorithm is off too. */
const CURVES = [
  { sign: 'ECDSA-SHA2-256', group: 'SECP256R1' },
  { sign: 'ECDSA-SHA2-384', group: 'SECP384R1' },
] as const

export const bind = defineBackend({
  name: 'bind',
  title: 'BIND',
  purposes: ['bind'],
  reloadCommand: 'systemctl try-reload-or-restart bind.service 2>/dev/null || :',
  print: ({ bind: effective }) =>
    [
      // RFC 8624 section 3.1: RSAMD5 must not be used, whatever the policy says.
      ...block('disable-algorithms', ['RSAMD5', ...disabledAlgorithms(effective)]),
      ...block('disable-ds-digests', translate(effective.disabled.hash, DIGESTS)),
      '',
    ].join('\n'),
})

function disabledAlgorithms({ enabled, disabled }: EffectivePolicy): readonly string[] {
  const withoutCurve = CURVES.filter(
    ({ sign, group }) => enabled.sign.includes(sign) && disabled.group.includes(group),
  )
  return translate([...disabled.sign, ...withoutCurve.map(({ sign }) => sign)], ALGORITHMS)
}

function block(statement: string, names: readonly string[]): readonly string[] {
  return [`${statement} "." {`, ...names.map((name) => `${name};`), '};']
}
