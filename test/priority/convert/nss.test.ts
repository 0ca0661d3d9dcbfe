import { describe, expect, it } from 'vitest'
import { convertPriority } from '../../../src/priority/convert/convert.ts'
import { allowedTls, type Evaluation } from '../../../src/priority/evaluate.ts'
import { requirePriority } from '../../../src/priority/failure/failure-diagnostics.ts'

const STRINGS = ['NORMAL', 'PFS', 'SECURE192', 'PERFORMANCE', 'LEGACY', 'NORMAL:-AEAD:+SHA256']

function evaluate(text: string): Evaluation {
  return requirePriority({ name: 'test', text })
}

/** What a policy module allows, without what it is allowed for. */
function wordsOf(text: string): readonly string[] {
  const [, allow = ''] = /allow=([^"]*)/.exec(text) ?? []
  return allow.split(':').map((word) => word.split('/')[0] ?? '')
}

describe('to NSS', () => {
  it('prints a policy module that names what may be used for TLS', () => {
    const { text, omissions } = convertPriority(evaluate('SUITEB128'), 'nss')
    expect(omissions).toEqual([])
    expect(text).toBe(
      [
        'library=',
        'name=Policy',
        'NSS=flags=policyOnly,moduleDB',
        `config="disallow=ALL allow=${[
          ...['ECDHE-ECDSA/ssl-key-exchange', 'aes128-gcm/ssl', 'aes256-gcm/ssl'],
          ...['SECP256R1', 'SECP384R1'],
          'ECDSA/ssl-key-exchange,cert-signature,signature',
          'SHA256/ssl-key-exchange,cert-signature,signature',
          'SHA384/ssl-key-exchange,cert-signature,signature',
          ...['tls-version-min=tls1.2', 'tls-version-max=tls1.2'],
          ...['RSA-MIN=3072', 'DH-MIN=3072', 'DSA-MIN=3072'],
        ].join(':')}"`,
        '',
      ].join('\n'),
    )
  })

  it.each([
    ['SHA1', 'HMAC-SHA1/ssl'],
    ['SHA256', 'HMAC-SHA256/ssl'],
  ])('names the code that authenticates blocks: %s', (mac, word) => {
    const parts = `+RSA:+AES-128-CBC:+${mac}:+SIGN-RSA-SHA256`
    const { text } = convertPriority(evaluate(`NONE:+VERS-TLS1.2:${parts}`), 'nss')
    expect(text).toContain(`:aes128-cbc/ssl:${word}:`)
  })

  it.each(STRINGS)('tells everything of %s that it leaves out', (text) => {
    const evaluation = evaluate(text)
    const { suites, groups } = allowedTls(evaluation)
    const { text: module, omissions } = convertPriority(evaluation, 'nss')
    expect(wordsOf(module)).not.toContain('undefined')
    const cipherless = omissions.filter(({ name }) => /CCM|ARIA/.test(name))
    expect(new Set(cipherless.map(({ because }) => because)).size).toBeLessThan(2)
    const left = omissions.map(({ name }) => name)
    expect(left.filter((name) => /^(TLS_|x448|ffdhe)/.test(name))).toEqual(
      expect.arrayContaining(suites.filter(({ cipher }) => /CCM/.test(cipher)).map((s) => s.name)),
    )
    expect(groups.some(({ name }) => name === 'x448')).toBe(left.includes('x448'))
  })

  it('leaves out a signature whose words would allow another', () => {
    const only = 'NORMAL:-SIGN-ALL:+SIGN-RSA-SHA256:+SIGN-ECDSA-SHA384'
    const { text, omissions } = convertPriority(evaluate(only), 'nss')
    const words = wordsOf(text)
    expect(words.includes('RSA-PKCS') && words.includes('ECDSA')).toBe(false)
    expect(omissions).toContainEqual(
      expect.objectContaining({
        kind: 'signature scheme',
        because: 'its words would allow others with it',
      }),
    )
  })
})
