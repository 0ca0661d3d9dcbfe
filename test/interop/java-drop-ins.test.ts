/** What is said of drop-ins of Java, judged by Java. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { checkDropIns } from '../../src/system/drop-in-checks/all-checks.ts'
import { findConstraintError } from '../../src/system/drop-in-checks/java-constraints.ts'
import { isJavaName } from '../../src/system/drop-in-checks/java-names.ts'
import { readProperties } from '../../src/system/drop-in-checks/java-properties.ts'
import { runFile, scratchFolder } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { fc, SEED } from '../seed.ts'
import { JAVA_FLAGS } from './convert/hello-catcher.ts'

const TIMEOUT = 120_000

function toHex(text: string): string {
  return text.replaceAll(/[\s\S]/g, (unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'))
}

function ask(question: 'entries' | 'properties' | 'names', texts: readonly string[]) {
  const { stdout, stderr, status } = runFile('java', [
    ...JAVA_FLAGS,
    '--add-exports=java.base/sun.security.util=ALL-UNNAMED',
    '--add-opens=java.base/sun.security.ssl=ALL-UNNAMED',
    join(import.meta.dirname, 'DropInJudge.java'),
    question,
    ...texts.map(toHex),
  ])
  if (status !== 0) throw new Error(stderr)
  return stdout.replace(/\n$/, '').split('\n')
}

const ENTRIES = [
  ...[
    'RC4',
    'RSA keySize < 2048',
    'RSA keySize << 2048',
    'RSA keySize < abc',
    'RSA keysize < 1024',
  ],
  ...['RSA 2048', 'RSA keySize<2048', 'RSA keySize < ', 'RSA keySize', 'RSA keySize < 2048 &'],
  ...['RSA keySize < 2048 & & jdkCA', 'SHA1 jdkCA & usage TLSServer', 'SHA1 jdkca & jdkCA'],
  ...['SHA1 denyAfter 2019-01-01', 'SHA1 denyAfter 2019-13-01', 'SHA1 denyAfter 19-1-1'],
  ...['SHA1 denyAfter 2019-02-31', 'SHA1 usage SignedJAR & denyAfter 2019-01-01', 'SHA1 usage Foo'],
  ...['SHA1 denyAfter 2019-01-01 & denyAfter 2020-01-01', 'RC4; TLSv1.2', 'RC4 TLSv1.2'],
  ...[
    'include nothing',
    'include jdk.disabled.curves',
    'RSA keySize == 99999999999',
    'RSA & jdkCA',
  ],
  ...['RSA keySize < 2147483647', 'RSA keySize < 2147483648', 'RSA keySize < -2147483648'],
  ...['RSA keySize != -1', 'RSA keySize >= 1 2 3', 'RSA\tkeySize < 1024', 'DH keySizes < 10'],
]

testWith(
  'java',
  'Java fails at the entries of a list that are refused, and at no others',
  () => {
    const judged = ask('entries', ENTRIES)
    const ours = ENTRIES.map((entry) => (findConstraintError(entry) ? 'fails' : 'read'))
    expect(zip(ENTRIES, ours)).toEqual(zip(ENTRIES, judged))
  },
  TIMEOUT,
)

function zip(names: readonly string[], values: readonly string[]): readonly string[] {
  return names.map((name, index) => `${name}: ${values[index]}`)
}

testWith(
  'java',
  'properties are read as Java reads them, with escapes and lines that go on',
  () => {
    const piece = fc.constantFrom(
      ...[
        '\\',
        '\\',
        '\n',
        '\r',
        ' ',
        '\t',
        '=',
        ':',
        '#',
        '!',
        'u',
        '0041',
        'a',
        'key',
        '\\u',
        '\f',
      ],
    )
    const texts = fc.sample(
      // Of a lone backslash at the very end, what is read depends on the release.
      fc.array(piece, { minLength: 1, maxLength: 14 }).map((parts) => `${parts.join('')}\na`),
      { numRuns: 600, seed: SEED },
    )
    expect(zip(texts, texts.map(printProperties))).toEqual(zip(texts, ask('properties', texts)))
  },
  TIMEOUT,
)

function printProperties(text: string): string {
  const { settings, malformed } = readProperties(text)
  if (malformed.length > 0) return 'malformed'
  const found = new Map(settings.map(({ key, value }) => [key, value]))
  const keys = [...found.keys()].toSorted((a, b) => (a < b ? -1 : 1))
  return keys.map((key) => `${toHex(key)}=${toHex(found.get(key) ?? '')}`).join(' ')
}

/** Renegotiation is a signal, not a suite; the others stand for no algorithm. */
const NO_ALGORITHMS =
  /SCSV$|^C_NULL$|^NONE|P1363Format$|^NETSCAPE|^arbitrary|^NoPadding$|^TLS_EMPTY_/

testWith(
  'java',
  'every name that this Java has is known',
  () => {
    const names = ask('names', []).filter((name) => !NO_ALGORITHMS.test(name))
    expect(names.length).toBeGreaterThan(300)
    expect(names.filter((name) => !isJavaName(name))).toEqual([])
    for (const name of ['TLSv1.0', 'AES-256-GCM', 'SHA_1', 'TLS1.2', 'TLS_RSA_WITH_AES_256_SHA'])
      expect(isJavaName(name), name).toBe(false)
  },
  TIMEOUT,
)

testWith(
  'java',
  'a list of a drop-in takes the place of that of the policy',
  () => {
    const folder = scratchFolder()
    const policy = {
      name: 'back-ends/java.config',
      text: 'jdk.tls.disabledAlgorithms=MD5withRSA, MD2\n',
    }
    const dropIn = { name: 'java-a.config', text: 'jdk.tls.disabledAlgorithms: MD2, \\\n  RC4\n' }
    const path = join(folder, 'java.config')
    writeFileSync(path, policy.text + dropIn.text)
    const { stdout } = runFile('java', [
      ...JAVA_FLAGS,
      '--add-exports=java.base/sun.security.util=ALL-UNNAMED',
      `-Djava.security.properties=${path}`,
      join(import.meta.dirname, 'DisabledAlgorithms.java'),
      ...['jdk.tls.disabledAlgorithms', 'MD5withRSA', 'MD2withRSA', 'RC4'],
    ])
    expect(stdout).toBe('MD5withRSA\n')
    const [found, ...more] = checkDropIns('java', policy, [dropIn])
    expect(found).toMatchObject({
      code: 'DROPIN_REPLACES_POLICY',
      span: { source: dropIn, start: 0 },
    })
    expect(found?.message).toMatch(/leaves out MD5withRSA$/)
    expect(more).toEqual([])
  },
  TIMEOUT,
)
