/** What a module takes away so that a program no longer meets words that it does not know. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findBackend } from '../../src/backends/all-backends.ts'
import { parsePolicy } from '../../src/policy/policy.ts'
import { loadPolicy } from '../../src/system/policy-files.ts'
import { findRemedy } from '../../src/system/remedy.ts'
import { ROOT } from '../cli/command.ts'

const folders = { ofCurrentDirectory: [], chosen: [join(ROOT, 'policies')] }
const { policy } = loadPolicy({ policy: 'DEFAULT', modules: [] }, folders)

function backendOf(name: string) {
  const backend = findBackend(name)
  if (!backend) throw new Error(`there is no back-end ${name}`)
  return backend
}

/** Words of OpenSSH, and the lines of a module that an administrator would write. */
const REMEDIES: readonly (readonly [values: readonly string[], lines: readonly string[]])[] = [
  [['mlkem768x25519-sha256'], ['group@openssh-server = -MLKEM768-X25519']],
  [
    ['curve25519-sha256', 'curve25519-sha256@libssh.org', 'gss-curve25519-sha256-'],
    ['group@openssh-server = -X25519'],
  ],
  [['aes256-gcm@openssh.com', 'aes128-ctr'], ['cipher@openssh-server = -AES-256-GCM -AES-128-CTR']],
  [
    ['mlkem768x25519-sha256', 'aes128-ctr'],
    ['cipher@openssh-server = -AES-128-CTR', 'group@openssh-server = -MLKEM768-X25519'],
  ],
]

test.each(REMEDIES)('%j go by %j, and nothing else goes', (values, lines) => {
  const backend = backendOf('opensshserver')
  expect(findRemedy(policy, backend, values)).toEqual(lines)
  const module = parsePolicy('HERE', [{ name: 'HERE.pmod', text: `${lines.join('\n')}\n` }])
  const changed = {
    name: policy.name,
    directives: [...policy.directives, ...module.policy.directives],
  }
  const words = (text: string) => new Set(text.split(/[\s,]+/))
  const [before, after] = [policy, changed].map((one) => words(backend.generate(one)))
  const gone = [...(before ?? [])].filter((word) => !after?.has(word))
  expect(gone.toSorted()).toEqual(values.toSorted())
})

test.each([
  ['a word that would take another along', 'opensshserver', ['curve25519-sha256']],
  ['one of two that no policy has', 'opensshserver', ['mlkem768x25519-sha256', 'nothing']],
  ['a word of the form of the file', 'krb5', ['permitted_enctypes']],
])('%s has none', (_, name, values) => {
  expect(findRemedy(policy, backendOf(name), values)).toBe(undefined)
})
