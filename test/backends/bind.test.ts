import { expect, test } from 'vitest'
import { bind } from '../../src/backends/bind.ts'
import { generateText } from './generate-text.ts'

test('disables RSAMD5 though everything is enabled', () => {
  const text = generateText(bind, 'sign = *', 'group = *', 'hash = *')
  expect(text).toBe('disable-algorithms "." {\nRSAMD5;\n};\ndisable-ds-digests "." {\n};\n')
})

test('disables an ECDSA algorithm whose curve is off', () => {
  const text = generateText(bind, 'sign = *', 'group = *', 'group = -SECP384R1')
  expect(text).toContain('RSAMD5;\nECDSAP384SHA384;\n};')
})

test('names an algorithm once where signature and curve are both off', () => {
  const text = generateText(bind, 'sign = *', 'sign = -ECDSA-SHA2-256', 'group =')
  expect(text.match(/ECDSAP256SHA256/g)).toHaveLength(1)
})
