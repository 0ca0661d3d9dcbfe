import { describe, expect, it } from 'vitest'
import { evaluatePriority } from '../../src/priority/evaluate.ts'
import { diffOutcomes, type PriorityDifference } from '../../src/priority/evaluation-difference.ts'
import type { GnutlsRelease } from '../../src/priority/releases.ts'

function diff(first: string, second: string): readonly PriorityDifference[] {
  return diffOutcomes(
    evaluatePriority({ name: 'first', text: first }),
    evaluatePriority({ name: 'second', text: second }),
  )
}

function upgrade(
  text: string,
  from: GnutlsRelease,
  to: GnutlsRelease,
): readonly PriorityDifference[] {
  const given = { name: 'test', text }
  return diffOutcomes(
    evaluatePriority(given, { release: from }),
    evaluatePriority(given, { release: to }),
  )
}

describe('two strings', () => {
  it('do not differ where they mean the same', () => {
    expect(diff('NORMAL', 'normal:+RSA:-COMP-NULL')).toEqual([])
  })

  it('differ by what one of them lacks', () => {
    expect(diff('NORMAL', 'NORMAL:-VERS-TLS1.1:%NO_TICKETS')).toEqual([
      { kind: 'list', list: 'versions', added: [], removed: ['TLS1.1'], reordering: undefined },
      { kind: 'setting', name: 'tickets', from: 'true', to: 'false' },
    ])
  })

  it('differ by order alone', () => {
    expect(diff('NORMAL', 'NORMAL:-GROUP-SECP256R1:+GROUP-SECP256R1')).toEqual([
      { kind: 'list', list: 'groups', added: [], removed: [], reordering: expect.any(Object) },
    ])
  })

  it('differ by the profile and the sizes of keys', () => {
    expect(diff('NORMAL', 'NORMAL:%PROFILE_MEDIUM')).toMatchObject([
      { name: 'profile', from: 'LOW', to: 'MEDIUM' },
      { name: 'minimum key size', to: 'rsa 2048, dsa 2048, ec 224, dh 2048' },
    ])
  })

  it('differ where only one can be used', () => {
    expect(diff('NORMAL', 'NORMAL:-CIPHER-ALL')).toEqual([{ kind: 'usability', usable: 'first' }])
    expect(diff('NORMAL:-CIPHER-ALL', 'NORMAL')).toEqual([{ kind: 'usability', usable: 'second' }])
    expect(diff('@NOWHERE', 'NORMAL:+NONSENSE')).toEqual([])
  })
})

describe('an upgrade', () => {
  it('brings ML-DSA', () => {
    expect(upgrade('NORMAL', '3.7.9', '3.8.13')).toEqual([
      {
        kind: 'list',
        list: 'signature schemes',
        added: ['mldsa44', 'mldsa65', 'mldsa87'],
        removed: [],
        reordering: undefined,
      },
    ])
  })

  it('takes SRP away', () => {
    expect(upgrade('NORMAL:+SRP', '3.7.9', '3.8.9')).toEqual([
      { kind: 'usability', usable: 'first' },
    ])
  })
})

describe('each list', () => {
  const list = (name: string, added: readonly string[], removed: readonly string[]) => [
    { kind: 'list', list: name, added, removed, reordering: undefined },
  ]

  it.each([
    ['NORMAL', 'NORMAL:+CTYPE-CLI-RAWPK', list('client certificate types', ['Raw Public Key'], [])],
    ['NORMAL', 'NORMAL:+CTYPE-SRV-RAWPK', list('server certificate types', ['Raw Public Key'], [])],
    ['NORMAL:+CTYPE-CLI-RAWPK', 'NORMAL', list('client certificate types', [], ['Raw Public Key'])],
    ['NORMAL', 'NORMAL:-GROUP-X448', list('groups', [], ['x448'])],
    ['NORMAL', 'NORMAL:+GROUP-X25519-MLKEM768', list('groups', ['X25519MLKEM768'], [])],
    ['NORMAL', 'NORMAL:-SIGN-RSA-SHA512', list('signature schemes', [], ['rsa_pkcs1_sha512'])],
    ['NORMAL', 'NORMAL:-SHA1:+SHA1', []],
    ['NORMAL', 'NORMAL:+MAC-ALL:+CIPHER-ALL', []],
  ])('of %s and of %s differ by %j', (first, second, expected) => {
    expect(diff(first, second)).toEqual(expected)
  })

  it('and each size of keys', () => {
    expect(diff('NONE:+VERS-TLS1.2:+RSA:+AES-128-CBC:+SHA1:+SIGN-ALL', 'NORMAL').slice(-2)).toEqual(
      [
        { kind: 'setting', name: 'profile', from: 'none', to: 'LOW' },
        {
          kind: 'setting',
          name: 'minimum key size',
          from: 'rsa 0, dsa 0, ec 0, dh 0',
          to: 'rsa 1024, dsa 1024, ec 160, dh 1008',
        },
      ],
    )
  })
})
