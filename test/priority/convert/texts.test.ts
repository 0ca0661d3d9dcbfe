/**
 * What is written for each program, word for word. The programs themselves read such texts in
 * test/interop/convert; here a word that changes is seen without them.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { convertPriority } from '../../../src/priority/convert/convert.ts'
import { requirePriority } from '../../../src/priority/failure/failure-diagnostics.ts'
import type { ConversionTarget, GoRelease } from '../../../src/priority/library-releases.ts'

/** Lines by target. */
type Texts = Readonly<Record<string, readonly string[]>>

const TEXTS: Readonly<Record<'both' | 'old', Texts>> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'texts.json'), 'utf8'),
)

const VERSIONS = { both: '+VERS-TLS1.3:+VERS-TLS1.2', old: '+VERS-TLS1.2' } as const
const REST =
  '+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305:+AEAD:+ECDHE-RSA:' +
  '+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-SHA256:+GROUP-X25519:+GROUP-SECP256R1'

function evaluate(versions: string) {
  return requirePriority({ name: 'test', text: `NONE:${versions}:${REST}` })
}

for (const name of ['both', 'old'] as const) {
  test.each(Object.entries(TEXTS[name]))(`to %s, of ${VERSIONS[name]}`, (target, lines) => {
    const { text } = convertPriority(evaluate(VERSIONS[name]), target as ConversionTarget)
    expect(text.split('\n')).toEqual(lines)
  })
}

test('Dovecot has no word against TLS 1.3', () => {
  expect(() => convertPriority(evaluate(VERSIONS.old), 'dovecot')).toThrow('dovecot')
})

/** The constants of crypto/tls that each release offers whatever it is told, by version of TLS. */
test.each([
  ['1.24', '+VERS-TLS1.2', ['rsa_pkcs1_sha1', 'ecdsa_sha1'], ['mldsa44']],
  ['1.27', '+VERS-TLS1.2', ['rsa_pkcs1_sha512'], ['mldsa44', 'rsa_pkcs1_sha1', 'ecdsa_sha1']],
  ['1.27', '+VERS-TLS1.3:+VERS-TLS1.2', ['mldsa44', 'mldsa65', 'mldsa87'], ['ecdsa_sha1']],
  ['1.27', '+VERS-TLS1.3', ['mldsa44', 'ed25519'], ['rsa_pkcs1_sha256', 'rsa_pkcs1_sha512']],
] as const)('Go %s with %s offers %j too, and not %j', (go, versions, offered, not) => {
  const { surplus } = convertPriority(evaluate(versions), 'go', { go: go as GoRelease })
  const names = surplus.map((one) => JSON.stringify(one))
  const has = (name: string) => names.some((text) => text.includes(`"${name}"`))
  expect(offered.filter((name) => !has(name))).toEqual([])
  expect(not.filter(has)).toEqual([])
})

/** Told by https://go.dev/doc/go1.24 and https://go.dev/doc/go1.26, after which 1.27 is the next known apart. */
test.each([
  ['1.19', []],
  ['1.24', ['tls.X25519MLKEM768']],
  ['1.27', ['tls.X25519MLKEM768', 'tls.SecP256r1MLKEM768', 'tls.SecP384r1MLKEM1024']],
] as const)('Go %s has constants for the hybrid groups %j', (go, hybrids) => {
  const groups = ['X25519-MLKEM768', 'SECP256R1-MLKEM768', 'SECP384R1-MLKEM1024', 'X448']
  const string = `NONE:+VERS-TLS1.3:${REST}:${groups.map((name) => `+GROUP-${name}`).join(':')}`
  const priority = requirePriority({ name: 'test', text: string })
  const { text } = convertPriority(priority, 'go', { go: go as GoRelease })
  const curves = text.slice(text.indexOf('CurveID{')).match(/tls\.\w+/g)
  expect(curves).toEqual([...hybrids, 'tls.X25519', 'tls.CurveP256'])
})
