import { describe, expect, test } from 'vitest'
import { findBackend } from '../../src/backends/all-backends.ts'
import { checkDropIns } from '../../src/system/drop-in-checks/all-checks.ts'
import { shippedPolicy } from '../shipped-policies.ts'

function said(dropIn: string): readonly string[] {
  const text = findBackend('sequoia')?.generate(shippedPolicy('DEFAULT').policy) ?? ''
  const policy = { name: 'back-ends/sequoia.config', text }
  const found = checkDropIns('sequoia', policy, [{ name: 'sequoia-a.config', text: dropIn }])
  return found.map(({ code, span, message }) => {
    const word = span?.source.text.slice(span.start, span.end)
    return `${code} at ${word}: ${message}`
  })
}

/** As `sq config inspect policy` judges them behind the file of DEFAULT, with sequoia-policy-config 0.8.2. */
describe('a drop-in that Sequoia reads is not told of', () => {
  test.each([
    '# nothing\n',
    '[packets]\nsignature.v3 = "always"\n',
    '[packets]\nsed = 2020-01-01\n',
    '[packets]\nsed = 2020-01-01T00:00:00Z\n',
    '[packets]\nsed = "2020-01-01 00:00:00+01:00"\n',
    '[packets]\nsed = "2016-12-31T23:59:60-23:59"\n',
    '[packets]\nsed = 2020-02-29 # not 2021-02-29, nor 2020-01-01T00:00Z\n',
    '[packets]\nignore_invalid = "2021-02-29"\n2021-02-29 = 5\n',
    '[packets]\nsed = { default_disposition = "never" }\n',
    '[packets]\nignore_invalid = "foo"\nfoo = 5\n',
    '[packets.seip]\nv1 = "always"\nignore_invalid = ["v9"]\nv9 = 1\n',
    '[asymmetric_algorithms.slhdsa128s]\ndefault_disposition = "always"\n',
  ])('%j', (dropIn) => {
    expect(said(dropIn)).toEqual([])
  })
})

describe('a drop-in at which Sequoia gives up the whole file stops the switch', () => {
  test.each([
    ['rsa1024 = "always"\n', 'rsa1024: .*[aead_algorithms] has no `rsa1024`'],
    ['[foo]\nbar = 1\n', 'foo: .*the file has no `foo`'],
    ['[packets]\nfoo = "always"\n', 'foo: .*[packets] has no `foo`'],
    ['[packets]\nsed.v1 = "never"\n', 'v1: .*`sed` has no `v1`'],
    ['[packets]\nsed = "alway"\n', 'sed: .*has to be "always", "never" or a date'],
    ['[packets]\nsed = "2023-02-30"\n', 'sed: .*has to be'],
    ['[packets]\nsed = 2020-01-01T00:00:00\n', 'sed: .*has to be'],
    ['[packets]\nsed = "2020-01-01T24:00:00Z"\n', 'sed: .*has to be'],
    ['[packets]\nsed = "2020-01-01T00:60:00Z"\n', 'sed: .*has to be'],
    ['[packets]\nsed = "2020-01-01T00:00:61Z"\n', 'sed: .*has to be'],
    ['[packets]\nsed = "2020-01-01T00:00:00+24:00"\n', 'sed: .*has to be'],
    ['[packets]\nsed = "2020-01-01T00:00:00+01:60"\n', 'sed: .*has to be'],
    ['[packets]\nsed = 2020-02-30\n', 'sed = 2020-02-30: .*no TOML here'],
    ['[packets]\nsed = 2021-02-29T00:00:00Z\n', 'sed = 2021-02-29T00:00:00Z: .*no TOML here'],
    ['[packets]\nsed = 2020-01-01T00:00Z\n', 'sed = 2020-01-01T00:00Z: .*no TOML here'],
    ['[packets]\nsed = 2020-01-01 00:00+01:00\n', 'sed = 2020-01-01 00:00+01:00: .*no TOML here'],
    ['[packets]\nsed = ["never"]\n', 'sed: .*has to be'],
    ['[packets]\nignore_invalid = [1]\n', 'ignore_invalid: .*list of names'],
    ['[packets]\ndefault_disposition = "always"\n', 'default_disposition: .*"never" only'],
    ['[[packets]]\nsed = "never"\n', 'packets: .*has to be a table'],
    ['[aead_algorithms]\n', '[aead_algorithms]: .*a table is opened again'],
    [
      '[hash_algorithms.md5]\ncollision_resistance = "always"\n',
      '[hash_algorithms.md5]: .*no TOML here',
    ],
    ['"ocb" = "always"\n', '"ocb" = "always": .*no TOML here'],
    ['[packets]\ngarbage\n', 'garbage: .*no TOML here'],
  ])('%j', (dropIn, expected) => {
    const pattern = expected.replaceAll(/[[\]()+]/g, String.raw`\$&`)
    expect(said(dropIn)).toEqual([
      expect.stringMatching(new RegExp(`^DROPIN_STOPS_PROGRAMS at ${pattern}`, 's')),
    ])
  })
})
