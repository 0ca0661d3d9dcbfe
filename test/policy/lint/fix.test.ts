import { expect, test } from 'vitest'
import { hasErrors } from '../../../src/diagnostics/diagnostic.ts'
import { fixSource } from '../../../src/policy/lint/fix.ts'
import { parsePolicyFile } from '../../../src/policy/parser.ts'
import { parsePolicy } from '../../../src/policy/policy.ts'
import { readPolicyCorpus } from '../../policy-corpus.ts'
import { fc } from '../../seed.ts'
import { policySources } from '../../shipped-policies.ts'
import { meaningOf, policyOf, policyText, sourceOf } from '../random-policies.ts'

const fix = (text: string) => fixSource(sourceOf(text)).text
const codes = (text: string) => fixSource(sourceOf(text)).applied.map(({ code }) => code)

const OLD_FORMS = ['POLICY_DEPRECATED_PROPERTY', 'POLICY_DEPRECATED_VALUE', 'LINT_LOWER_BOUND']

function deprecationsIn(text: string): readonly string[] {
  const { diagnostics } = parsePolicy('TEST', [sourceOf(text)])
  return diagnostics.map(({ code }) => code).filter((code) => OLD_FORMS.includes(code))
}

function isReadable(text: string): boolean {
  return !hasErrors(parsePolicyFile(sourceOf(text)).diagnostics)
}

test('keeps the meaning of any policy, leaves no deprecated form, and is done after one run', () => {
  fc.assert(
    fc.property(policyText, (text) => {
      const fixed = fix(text)
      expect(meaningOf(policyOf(fixed))).toEqual(meaningOf(policyOf(text)))
      if (isReadable(text)) expect(deprecationsIn(fixed)).toEqual([])
      expect(fixSource(sourceOf(fixed))).toEqual({ text: fixed, applied: [] })
    }),
    { numRuns: 700 },
  )
})

test('keeps every comment', () => {
  fc.assert(
    fc.property(policyText, (text) => {
      const comments = (of: string) => (of.match(/#.*$/gm) ?? []).map((c) => c.trim()).toSorted()
      expect(comments(fix(text))).toEqual(comments(text))
    }),
    { numRuns: 500 },
  )
})

test('never throws on any text, and changes nothing twice', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const fixed = fix(text)
      expect(fix(fixed)).toBe(fixed)
    }),
  )
})

test('keeps the meaning of every file of the corpus', () => {
  for (const entry of readPolicyCorpus()) {
    for (const source of policySources(entry.policy, entry.files)) {
      const before = parsePolicy('TEST', [source])
      const fixed = { ...source, text: fixSource(source).text }
      const after = parsePolicy('TEST', [fixed])
      expect(meaningOf(after.policy), `case ${entry.id}`).toEqual(meaningOf(before.policy))
      expect(hasErrors(after.diagnostics)).toBe(hasErrors(before.diagnostics))
    }
  }
})

test('leaves a modern policy as it is', () => {
  const text = '# mine\ncipher@TLS = AES-256-GCM \\\n   AES-128-GCM # two\n\n'
  expect(fixSource(sourceOf(text))).toEqual({ text, applied: [] })
})

test('rewrites a moved property where it stands when that means the same', () => {
  expect(
    fix('# TLS\ntls_cipher = AES-256-GCM \\\n    AES-128-GCM # both\nmin_dh_size = 2048\n'),
  ).toBe('# TLS\ncipher@TLS = AES-256-GCM \\\n    AES-128-GCM # both\nmin_dh_size = 2048\n')
})

test('moves it behind the directives that it overrides', () => {
  expect(fix('tls_cipher = AES-256-GCM # mine\ncipher = AES-128-GCM\n# the end')).toBe(
    'cipher = AES-128-GCM\ncipher@TLS = AES-256-GCM # mine\n# the end',
  )
})

test('moves several in the order in which they count', () => {
  expect(fix('ssh_cipher = -AES-*\ntls_cipher = AES-256-GCM\ncipher = AES-128-GCM')).toBe(
    'cipher = AES-128-GCM\ncipher@TLS = AES-256-GCM\ncipher@SSH = -AES-*\n',
  )
})

test('writes out a switch as the directives that it stands for', () => {
  expect(fix('  sha1_in_dnssec = 1 # old zones\n')).toBe(
    '  hash@DNSSec = SHA1+\nsign@DNSSec = RSA-SHA1+ ECDSA-SHA1+ # old zones\n',
  )
  expect(fix('ssh_etm@libssh = 0')).toBe('etm@libssh = DISABLE_ETM')
})

test('writes out a lower bound, and drops one that bounds nothing', () => {
  expect(fix('min_tls_version = TLS1.1\n')).toBe('protocol@TLS = -SSL2.0 -SSL3.0 -TLS1.0\n')
  expect(fix('mac = AEAD\nmin_dtls_version = 0\nhash = MD5\n')).toBe('mac = AEAD\nhash = MD5\n')
  expect(fix('min_tls_version = 0 # none\n')).toBe('# none\n')
  expect(codes('min_tls_version = 0')).toEqual(['LINT_LOWER_BOUND'])
})

test('renames a value in place, also one that is continued on the next line', () => {
  expect(fix('group = +X25519-MLKEM768  # pq\n')).toBe('group = +MLKEM768-X25519  # pq\n')
  expect(fix('group = X25519-\\ # half\n  MLKEM768 X448\n')).toBe(
    'group = MLKEM768-X25519 \\ # half\n X448\n',
  )
  expect(fix('group = X25519-\\ # a \\ b\n  MLKEM768 X448\n')).toBe(
    'group = MLKEM768-X25519 \\ # a \\ b\n X448\n',
  )
  expect(fix('group = X25519-\\  \n  MLKEM768 X448\n')).toBe(
    'group = MLKEM768-X25519 \\  \n X448\n',
  )
})

test('gives an unscoped protocol the scope that means the same', () => {
  expect(fix('protocol = TLS1.3\n')).toBe('protocol@* = TLS1.3\n')
})

test('converts line ends and removes a byte order mark', () => {
  expect(fix('\ufeffmac = AEAD\r\nhash = \\\r\n SHA1\r')).toBe('mac = AEAD\nhash = \\\n SHA1\n')
  expect(fix('\rmac = AEAD\n')).toBe('\nmac = AEAD\n')
  expect(codes('\rmac = AEAD\n')).toEqual(['POLICY_CARRIAGE_RETURN'])
  expect(codes('\ufeffmac = AEAD\r\n')).toEqual([
    'POLICY_BYTE_ORDER_MARK',
    'POLICY_CARRIAGE_RETURN',
  ])
})

test('leaves the directives of a file alone whose lines cannot be told apart', () => {
  expect(fix('tls_cipher = AES-256-GCM\r\nno equals sign\r\n')).toBe(
    'tls_cipher = AES-256-GCM\nno equals sign\n',
  )
})

test('fixes what it can beside an unknown name', () => {
  expect(fix('mac = AEDA\nssh_etm = 1\n')).toBe('mac = AEDA\netm@SSH = ANY\n')
})

test('says what it did, in the order of the text', () => {
  expect(codes('ssh_etm = 1\ntls_cipher = AES-256-GCM\ngroup = X25519-MLKEM768\n')).toEqual([
    'POLICY_DEPRECATED_PROPERTY',
    'POLICY_DEPRECATED_PROPERTY',
    'POLICY_DEPRECATED_VALUE',
  ])
})
