/** Keys that may not be part of a chain: by their curve, their parameters or their exponent. */
import { generateKeyPairSync } from 'node:crypto'
import { element, integer, type KeyKind, sequence } from '../tls/certificates.ts'
import type { ChainCase } from './chain-cases.ts'
import {
  AUTHORITY,
  type Description,
  ENDPOINT,
  encodeIdentifier,
  type Made,
  make,
} from './made-certificate.ts'

export function makeKeyCases(): readonly ChainCase[] {
  return [...curves(), ...configured(), ...parameters(), ...suiteB()]
}

function below(name: string, authority: Made, more: Omit<Partial<ChainCase>, 'chain'>): ChainCase {
  const chain = [make({ subject: 'end', issuer: authority, ...ENDPOINT })]
  return { name: `keys: ${name}`, chain, authorities: [authority], ...more }
}

const authorityWith = (key: KeyKind, more: Description = {}): Made =>
  make({ subject: `authority ${key}`, key, ...AUTHORITY, ...more })

const FORBIDDEN = 'TLS_FORBIDDEN_KEY'

function curves(): readonly ChainCase[] {
  const strange = [
    ...(['ec-secp256k1', 'ec-brainpoolP256r1', 'ec-sect283r1'] as const),
    ...(['ec-prime239v1', 'ec-brainpoolP512r1'] as const),
  ]
  const known = ['ec-prime256v1', 'ec-secp384r1', 'ec-secp521r1', 'ed25519', 'ed448'] as const
  const root = authorityWith('ec-prime256v1')
  return [
    ...strange.map((key) => below(key, authorityWith(key), { verdict: FORBIDDEN })),
    ...known.map((key) => below(key, authorityWith(key), {})),
    {
      name: 'keys: ec-secp256k1 at the end',
      chain: [make({ subject: 'end', issuer: root, key: 'ec-secp256k1', ...ENDPOINT })],
      authorities: [root],
      verdict: FORBIDDEN,
    },
  ]
}

const ALLOWLIST = ['SHA256', 'SHA384', 'SHA512'].flatMap((hash) => [
  `secure-hash = ${hash}`,
  `secure-sig = ECDSA-${hash}`,
  `secure-sig-for-cert = ECDSA-${hash}`,
])

function configured(): readonly ChainCase[] {
  const keys = [
    ['ec-secp521r1', 'disabled-curve = SECP521R1'],
    ['ed25519', 'disabled-curve = Ed25519'],
    ['ed448', 'disabled-curve = Ed448'],
  ] as const
  const allowed = `override-mode = allowlist\n[overrides]\n${ALLOWLIST.join('\n')}`
  const p384 = `${allowed}\nenabled-curve = SECP384R1`
  return [
    ...keys.map(([key, line]) =>
      below(`${key}, ${line}`, authorityWith(key), {
        overrides: `[overrides]\n${line}`,
        verdict: FORBIDDEN,
      }),
    ),
    below('P-256, another disabled', authorityWith('ec-prime256v1'), {
      overrides: '[overrides]\ndisabled-curve = SECP521R1',
    }),
    below('P-521, only P-384 enabled', authorityWith('ec-secp521r1'), {
      overrides: `[global]\n${p384}`,
      verdict: FORBIDDEN,
    }),
  ]
}

function parameters(): readonly ChainCase[] {
  const named = generateKeyPairSync('ec', { namedCurve: 'prime256v1', paramEncoding: 'explicit' })
  const explicit = make({ subject: 'explicit', ...AUTHORITY }, { ...make({}), ...named })
  const root = authorityWith('ec-prime256v1')
  const rsa = (exponent: Buffer): Made =>
    make({ subject: 'rsa', key: 'rsa-2048', ...AUTHORITY, publicKey: rsaKey(exponent) })
  const broken = make({ subject: 'broken', ...AUTHORITY, publicKey: BROKEN_POINT })
  return [
    below('explicit parameters', explicit, { verdict: FORBIDDEN }),
    below('exponent of 2048 bits', rsa(Buffer.alloc(256, 0x7f)), { verdict: FORBIDDEN }),
    below('exponent 1', rsa(Buffer.from([1])), { verdict: FORBIDDEN }),
    below('exponent 2', rsa(Buffer.from([2])), { verdict: FORBIDDEN }),
    below('exponent 0', rsa(Buffer.from([0])), { verdict: FORBIDDEN }),
    below('exponent of no bytes', rsa(Buffer.alloc(0)), { verdict: FORBIDDEN }),
    below('exponent of 257 bits', rsa(Buffer.concat([Buffer.from([1]), Buffer.alloc(32, 1)])), {
      verdict: FORBIDDEN,
    }),
    // These may be used, and have not made the signature.
    below('exponent 3', rsa(Buffer.from([3])), { verdict: 'BAD_SIGNATURE' }),
    below('exponent of 256 bits', rsa(Buffer.concat([Buffer.alloc(1), Buffer.alloc(32, 0xff)])), {
      verdict: 'BAD_SIGNATURE',
    }),
    below('even exponent', rsa(Buffer.from([1, 0, 0])), { verdict: FORBIDDEN }),
    below('no point of its curve', broken, { verdict: 'KEY_UNREADABLE' }),
    {
      name: 'keys: no point at the end',
      chain: [make({ subject: 'end', issuer: root, ...ENDPOINT, publicKey: BROKEN_POINT })],
      authorities: [root],
      verdict: 'KEY_UNREADABLE',
      differs: 'certtool has no use for the key of the end',
    },
  ]
}

function rsaKey(exponent: Buffer): Buffer {
  const modulus = Buffer.concat([Buffer.from([0, 0xc1]), Buffer.alloc(255, 0x5b)])
  const key = sequence(element(0x02, modulus), element(0x02, exponent))
  const algorithm = sequence(encodeIdentifier('1.2.840.113549.1.1.1'), element(0x05))
  return sequence(algorithm, element(0x03, Buffer.from([0]), key))
}

/** A key on P-256 whose point is (1, 1). */
const BROKEN_POINT = sequence(
  sequence(encodeIdentifier('1.2.840.10045.2.1'), encodeIdentifier('1.2.840.10045.3.1.7')),
  element(
    0x03,
    Buffer.from([0, 4]),
    ...[1, 1].map((number) => Buffer.concat([Buffer.alloc(31), integer(number).subarray(2)])),
  ),
)

function suiteB(): readonly ChainCase[] {
  const profile = 'SUITEB128'
  const small = authorityWith('ec-prime256v1')
  const large = authorityWith('ec-secp384r1')
  const signed = (issuer: Made, key: KeyKind, signature: 'SHA256' | 'SHA384'): Made =>
    make({ subject: 'end', issuer, key, signature, ...ENDPOINT })
  return [
    {
      name: 'Suite B: an issuer on a smaller curve',
      chain: [signed(small, 'ec-secp384r1', 'SHA256')],
      authorities: [small],
      profile,
      verdict: 'TLS_WEAK_KEY',
    },
    {
      name: 'Suite B: P-384 with SHA-256',
      chain: [signed(large, 'ec-prime256v1', 'SHA256')],
      authorities: [large],
      profile,
      verdict: 'TLS_WEAK_SIGNATURE',
    },
    {
      name: 'Suite B: P-384 with SHA-384',
      chain: [signed(large, 'ec-prime256v1', 'SHA384')],
      authorities: [large],
      profile,
    },
  ]
}
