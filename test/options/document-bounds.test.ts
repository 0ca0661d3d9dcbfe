import { expect, test } from 'vitest'
import { parseObject, parseObjects } from '../../src/tls/objects/parse-object.ts'

const LENGTH = 65_000

/** Texts that took the parser minutes, or all memory of the process. */
const COSTLY: Readonly<Record<string, string>> = {
  'empty lists in a mapping': `{"a":${'[],'.repeat(LENGTH / 3)}`,
  'open braces': '{'.repeat(LENGTH),
  'open brackets': '['.repeat(LENGTH),
  'braces and brackets': '[{'.repeat(LENGTH / 2),
  'closed brackets': ']'.repeat(LENGTH),
  commas: `{${','.repeat(LENGTH)}`,
  'lists in lists in a line': '- '.repeat(LENGTH / 2),
  'keys of keys in a line': '? '.repeat(LENGTH / 2),
  'empty texts': '""'.repeat(LENGTH / 2),
  aliases: '*a '.repeat(LENGTH / 3),
}

for (const [what, text] of Object.entries(COSTLY)) {
  test(`refuses ${what} before they are parsed`, () => {
    const refusal = /it has more than 30000 words|this is nested too deeply/
    expect(() => parseObjects({ name: 'objects.yaml', text })).toThrow(refusal)
    if (text.startsWith('{')) expect(() => parseObject(text)).toThrow(refusal)
  })
}

test('takes hundreds of objects', () => {
  const object = (n: number) => `- qom-type: tls-creds-x509\n  id: tls${n}\n  dir: /etc/pki/qemu\n`
  const text = Array.from({ length: 400 }, (_, n) => object(n)).join('')
  expect(parseObjects({ name: 'objects.yaml', text })).toHaveLength(400)
})

test('refuses a key that is given twice', () => {
  expect(() => parseObject('{"qom-type":"authz-list","id":"a","id":"b"}')).toThrow(
    'the property `id` is given twice',
  )
})
