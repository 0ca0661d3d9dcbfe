import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import { matchesGlob } from '../../../src/tls/authorization/glob.ts'
import { identitiesOf } from '../../../src/tls/authorization/identity.ts'
import { type Certificate, certificateOf } from '../../../src/x509/certificate.ts'
import { scratchFolder, writeFiles } from '../../cli/command.ts'
import { cpuSeconds } from '../../cpu-time.ts'
import { refusal } from '../../diagnostic-code.ts'
import { fc } from '../../seed.ts'
import type { Made } from '../../x509/made-certificate.ts'
import { CLIENT, endpoint, names, ukName } from '../objects/folder.ts'
import { objectsOf } from '../objects/meeting.ts'

function read(made: Made): Certificate {
  return certificateOf(new X509Certificate(made.certificate), { file: '<peer>', index: 0 })
}

const PEER = read(CLIENT)

/** What an authorization decides, by its definition. */
function decide(definition: string, peer: Certificate = PEER): { allowed: boolean; rule: string } {
  return objectsOf(`${definition},id=a`).authorization('a').decide(peer)
}

describe('globs', () => {
  test('know `*` and `?`, and match whole texts', () => {
    const cases: readonly (readonly [string, string, boolean])[] = [
      ['', '', true],
      ['*', '', true],
      ['?', '', false],
      ['a*', 'abc', true],
      ['*c', 'abc', true],
      ['*b*', 'abc', true],
      ['b', 'abc', false],
      ['a?c', 'abc', true],
      ['a?c', 'a😀c', true],
      ['[a]', 'a', false],
      ['[a]', '[a]', true],
      ['\\*', '\\x', true],
      ['a.c', 'abc', false],
      ['*ab*ab', 'abab', true],
      ['*aab', 'aaab', true],
    ]
    for (const [pattern, text, expected] of cases) {
      expect(matchesGlob(pattern, text), `${pattern} ${text}`).toBe(expected)
    }
  })

  test('match what the same regular expression matches', () => {
    const piece = fc.constantFrom('a', 'b', '*', '?', '[', '.')
    const text = (unit: fc.Arbitrary<string>) =>
      fc.array(unit, { maxLength: 8 }).map((all) => all.join(''))
    fc.assert(
      fc.property(text(piece), text(fc.constantFrom('a', 'b', '[', '.', '*')), (pattern, given) => {
        const source = pattern.replace(/[[.]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')
        expect(matchesGlob(pattern, given)).toBe(new RegExp(`^${source}$`, 'su').test(given))
      }),
      { numRuns: 2000 },
    )
  })

  test('take no long time for a name that was made to take long', () => {
    const match = () => matchesGlob(`${'*a'.repeat(500)}b`, 'a'.repeat(20_000))
    expect(match()).toBe(false)
    expect(cpuSeconds(match)).toBeLessThan(5)
  })
})

describe('authz-simple', () => {
  test('lets one name in, to the letter', () => {
    expect(decide('authz-simple,identity=C=UK,,CN=qemu').allowed).toBe(true)
    for (const other of ['C=UK,,CN=qem', 'C=UK,,CN=qemu*', 'CN=qemu,,C=UK', 'c=UK,,CN=qemu']) {
      expect(decide(`authz-simple,identity=${other}`).allowed).toBe(false)
    }
  })
})

describe('authz-list', () => {
  test('goes by the first rule that matches, else by its policy', () => {
    const rules =
      'rules.0.match=C=UK,,CN=other,rules.0.policy=allow,rules.1.match=*qemu,rules.1.format=glob,rules.1.policy=deny,rules.2.match=*,rules.2.format=glob,rules.2.policy=allow'
    expect(decide(`authz-list,${rules}`)).toMatchObject({
      allowed: false,
      index: 1,
      rule: 'authz-list a: rule 1 at --object:1:76 denies `*qemu` (glob)',
    })
    expect(decide('authz-list').rule).toBe('authz-list a: there is no rule, its policy is deny')
    expect(decide('authz-list,policy=allow').allowed).toBe(true)
    const exact = 'authz-list,rules.0.match=*,rules.0.policy=allow'
    expect(decide(exact).rule).toBe('authz-list a: its rule does not match, its policy is deny')
    const two = `${exact},rules.1.match=?,rules.1.policy=allow`
    expect(decide(two).rule).toBe('authz-list a: none of its 2 rules matches, its policy is deny')
  })
})

describe('rules of other identities', () => {
  const peer = read(
    endpoint({
      subject: ukName('guest'),
      names: names(
        ['dns', 'Host.Example'],
        ['email', 'other.example'],
        ['uri', 'spiffe://x/y'],
        ['ip', [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
      ),
    }),
  )
  const allows = (of: string, match: string, format = 'exact') =>
    decide(
      `authz-list,rules.0.of=${of},rules.0.match=${match},rules.0.format=${format},rules.0.policy=allow`,
      peer,
    ).allowed

  test('are typed, so that one name cannot pass for another', () => {
    expect(allows('san', 'DNS:host.EXAMPLE')).toBe(true)
    expect(allows('san', 'DNS:*.example', 'glob')).toBe(true)
    expect(allows('san', 'DNS:other.example')).toBe(false)
    expect(allows('san', 'email:other.example')).toBe(true)
    expect(allows('san', 'URI:spiffe://x/*', 'glob')).toBe(true)
    expect(allows('san', 'IP:FE80:0:0::1')).toBe(true)
    expect(allows('dn', 'DNS:host.example')).toBe(false)
  })

  test('are told with the kind of name, and where the rule stands', () => {
    const rules = 'rules.0.of=san,rules.0.match=DNS:*,rules.0.format=glob,rules.0.policy=deny'
    const told = decide(`authz-list,${rules}`, peer)
    expect(told.rule).toBe('authz-list a: rule 0 at --object:1:41 denies `DNS:*` of san (glob)')
    expect(told).toMatchObject({ allowed: false, index: 0, span: { start: 40, end: 45 } })
    const none = decide('authz-list', peer)
    expect([Object.hasOwn(none, 'index'), Object.hasOwn(none, 'span')]).toEqual([false, false])
  })

  test('take a hash that begins with a slash, behind each prefix', () => {
    const hash = `/${'A'.repeat(42)}=`
    for (const prefix of ['', 'sha256/', 'sha256//', 'sha256:', 'pin-sha256==']) {
      if (prefix.endsWith('==')) expect(() => allows('spki', prefix + hash)).toThrow(/spki/)
      else expect(allows('spki', prefix + hash)).toBe(false)
    }
  })

  test.each(['sha256:', 'SHA256=', 'sha256/', 'sha256//', 'pin-sha256=', 'Pin-SHA256:', ''])(
    'take a hash behind %j, as others write it',
    (prefix) => {
      const [hash = ''] = identitiesOf(peer, 'spki')
      expect(allows('spki', prefix + hash)).toBe(true)
    },
  )

  test.each(['sha256', 'sha1:', 'md5=', 'x', 'pin-', 'sha256///', ' '])(
    'take none behind %j',
    (prefix) => {
      const hash = `${'A'.repeat(43)}=`
      expect(() => allows('spki', prefix + hash)).toThrow(refusal('OBJECT_INVALID_RULE'))
    },
  )

  test.each([
    'A',
    `${'A'.repeat(42)}=`,
    `${'A'.repeat(44)}=`,
    `${'A'.repeat(43)}==`,
    'A'.repeat(44),
  ])('take no hash that is not whole: %s', (hash) => {
    expect(() => allows('spki', hash)).toThrow(refusal('OBJECT_INVALID_RULE'))
  })

  test('compare addresses in any form, and by patterns as they are printed', () => {
    expect(allows('san', 'IP:fe80::1', 'glob')).toBe(true)
    expect(allows('san', 'IP:fe80::?', 'glob')).toBe(true)
    expect(allows('san', 'IP:*', 'glob')).toBe(true)
    expect(allows('san', 'IP:FE80::*', 'glob')).toBe(false)
    expect(allows('san', 'IP:fe80::2')).toBe(false)
    expect(allows('san', 'URI:SPIFFE://x/y')).toBe(false)
    expect(allows('san', 'DNS:HOST.*', 'glob')).toBe(true)
  })

  test('know no names that there is no agreed way to write', () => {
    const registered = endpoint({ subject: 'x', names: [[0x88, Buffer.of(42)]] })
    expect(identitiesOf(read(registered), 'san')).toEqual([])
    expect(identitiesOf(peer, 'san')).toHaveLength(4)
    expect(identitiesOf(peer, 'dn')).toEqual(['C=UK,CN=guest'])
  })

  test('match the whole hash of a public key', () => {
    const [hash = ''] = identitiesOf(peer, 'spki')
    expect(allows('spki', hash)).toBe(true)
    expect(allows('spki', `sha256/${hash}`)).toBe(true)
    const [other = ''] = identitiesOf(PEER, 'spki')
    expect(allows('spki', other)).toBe(false)
    expect(decide(`authz-simple,of=spki,identity=${hash}`, peer).allowed).toBe(true)
  })

  for (const [of, match, format] of [
    ['san', 'host.example', 'exact'],
    ['san', '*:host.example', 'glob'],
    ['san', 'dns:host.example', 'exact'],
    ['san', 'IP:somewhere', 'exact'],
    ['spki', '*', 'glob'],
    ['spki', 'abc', 'exact'],
  ] as const) {
    test(`that nothing could satisfy are refused: ${of} ${match}`, () => {
      expect(() => allows(of, match, format)).toThrow(DiagnosticError)
    })
  }
})

describe('authz-list-file', () => {
  test('reads the properties of an authz-list, and says where a rule stands', () => {
    const file = join(scratchFolder(), 'list.json')
    const text = `{\n  "policy": "deny",\n  "rules": [\n    {"match": "C=UK,CN=qemu", "policy": "allow"}\n  ]\n}\n`
    writeFiles('/', { [file]: text })
    for (const type of ['authz-list-file', 'authz-listfile']) {
      const { rule } = decide(`${type},filename=${file}`)
      expect(rule).toBe(`${type} a: rule 0 at ${file}:4:15 allows \`C=UK,CN=qemu\``)
    }
  })
})

describe('authz-libvirt', () => {
  const decideBy = (text: string) => {
    const file = join(scratchFolder(), 'libvirtd.conf')
    writeFiles('/', { [file]: text })
    const { allowed, rule } = decide(`authz-libvirt,filename=${file}`)
    return [allowed, rule.replaceAll(file, 'FILE')]
  }

  test('allows whom the list allows, each entry a glob', () => {
    const text = '# a\nlisten_tls = 1\ntls_allowed_dn_list = ["C=UK,CN=x",\n  "C=UK,CN=q*"]\n'
    const rule = 'authz-libvirt a: rule 1 at FILE:4:4 allows `C=UK,CN=q*` (glob)'
    expect(decideBy(text)).toEqual([true, rule])
  })

  test('denies every client by an empty list and none without a list', () => {
    expect(decideBy('tls_allowed_dn_list = []\n')[0]).toBe(false)
    expect(decideBy('#tls_allowed_dn_list = ["x"]\n')).toEqual([
      true,
      'authz-libvirt a: there is no rule, since tls_allowed_dn_list of FILE is not set',
    ])
  })

  test('reads the setting of another program by its key', () => {
    const file = join(scratchFolder(), 'qemu.conf')
    writeFiles('/', { [file]: 'tls_allowed_dn_list = []\nother = ["C=UK,CN=qemu"]\n' })
    expect(decide(`authz-libvirt,filename=${file},key=other`)).toMatchObject({
      allowed: true,
      index: 0,
    })
    expect(decide(`authz-libvirt,filename=${file},key=absent`).allowed).toBe(true)
    expect(decide(`authz-libvirt,filename=${file}`)).toMatchObject({
      allowed: false,
      rule: expect.stringContaining(`and tls_allowed_dn_list of ${file} allows nothing else`),
    })
  })

  test('is not fooled by a list inside a text', () => {
    const text = 'note = """\ntls_allowed_dn_list = ["*"]\n"""\ntls_allowed_dn_list = []\n'
    expect(decideBy(text)[0]).toBe(false)
  })

  for (const text of [
    'tls_allowed_dn_list = "*"\n',
    'tls_allowed_dn_list = [1]\n',
    'tls_allowed_dn_list = ["*"\n',
    'tls_allowed_dn_list = ["a" "b"]\n',
    'tls_allowed_dn_list = ["a"] x\n',
    'x = "unended\ntls_allowed_dn_list = ["*"]\n',
    'tls_allowed_dn_list\n',
  ]) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => decideBy(text)).toThrow(DiagnosticError)
    })
  }
})
