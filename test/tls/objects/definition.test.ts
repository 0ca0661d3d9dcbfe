import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import { formatLocation, spanText } from '../../../src/diagnostics/source.ts'
import type { PropertyValue } from '../../../src/options/object-definition.ts'
import { dhParameters } from '../../../src/tls/dh-parameters.ts'
import { parseObject, parseObjects } from '../../../src/tls/objects/parse-object.ts'
import { TlsObjects } from '../../../src/tls/objects/tls-objects.ts'
import { fc } from '../../seed.ts'
import { credentialFolder } from './folder.ts'

/** The diagnostics of what a function throws. */
function refusal(run: () => unknown): DiagnosticError['diagnostics'] {
  try {
    run()
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics
    throw error
  }
  throw new Error('nothing was refused')
}

function codes(run: () => unknown): readonly string[] {
  return refusal(run).map(({ code }) => code)
}

function create(...definitions: readonly string[]): TlsObjects {
  return TlsObjects.create(definitions.map((text) => parseObject(text)))
}

describe('parseObject', () => {
  test('takes the first word for the type and doubled commas for commas', () => {
    const { places, namePlaces, ...rest } = parseObject(
      'tls-creds-x509,id=tls0,priority=@QEMU,,SYSTEM,verify-peer',
    )
    expect(rest).toEqual({
      type: 'tls-creds-x509',
      id: 'tls0',
      properties: { priority: '@QEMU,SYSTEM', 'verify-peer': 'on' },
    })
    const place = places?.get('priority')
    expect(place && spanText(place)).toBe('@QEMU,,SYSTEM')
    expect([...(namePlaces?.keys() ?? [])]).toContain('priority')
  })

  test('makes lists of keys with dots', () => {
    const text =
      'authz-list,id=a,rules.1.match=b,rules.0.match=x=y,policy=deny,rules.0.policy=allow'
    expect(parseObject(text).properties).toEqual({
      rules: [{ match: 'x=y', policy: 'allow' }, { match: 'b' }],
      policy: 'deny',
    })
  })

  test('takes qom-type by its name too, and ends in a comma', () => {
    expect(parseObject('id=a,qom-type=secret,').type).toBe('secret')
    expect(parseObject('secret,id=a,data=,,,').properties).toEqual({ data: ',' })
  })

  test('takes JSON', () => {
    const text =
      '{"qom-type": "authz-list", "id": "a", "rules": [{"match": "x", "policy": "allow"}]}'
    expect(parseObject(text)).toMatchObject({
      type: 'authz-list',
      properties: { rules: [{ match: 'x', policy: 'allow' }] },
    })
  })

  const REFUSED: readonly (readonly [text: string, code: string, location: string])[] = [
    ['', 'OBJECT_MALFORMED', '--object:1:1'],
    ['=x', 'OBJECT_MALFORMED', '--object:1:1'],
    ['secret,id=a,,data', 'OBJECT_INVALID_ID', '--object:1:11'],
    ['secret,id=a,=b', 'OBJECT_MALFORMED', '--object:1:13'],
    ['secret,id=a,a b=c', 'OBJECT_MALFORMED', '--object:1:13'],
    ['secret,id=a,a..b=c', 'OBJECT_MALFORMED', '--object:1:13'],
    ['secret,data=x', 'OBJECT_MISSING_ID', '--object:1:1'],
    ['secret,id=0x', 'OBJECT_INVALID_ID', '--object:1:11'],
    ['secret,id=a,id=b', 'OBJECT_DUPLICATE_PROPERTY', '--object:1:13'],
    ['authz-list,id=a,rules=x,rules.0.match=y', 'OBJECT_DUPLICATE_PROPERTY', '--object:1:25'],
    ['authz-list,id=a,rules.1.match=y', 'OBJECT_MALFORMED', '--object:1:1'],
    ['authz-list,id=a,rules.0.match=y,rules.x=z', 'OBJECT_MALFORMED', '--object:1:1'],
    ['{"id": "a"}', 'OBJECT_MALFORMED', '--object:1:1'],
    ['{"qom-type": "secret", "id": "a", "id": "b"}', 'OBJECT_MALFORMED', '--object:1:35'],
    ['{"qom-type": "secret", "id": ', 'OBJECT_MALFORMED', '--object:1:30'],
  ]

  for (const [text, code, location] of REFUSED) {
    test(`refuses \`${text}\` with its place`, () => {
      const [diagnostic] = refusal(() => parseObject(text))
      expect(diagnostic?.code).toBe(code)
      expect(diagnostic?.span && formatLocation(diagnostic.span)).toBe(location)
    })
  }

  test('takes 65536 characters, and white space before JSON', () => {
    const start = 'secret,id=a,data='
    const longest = `${start}${'x'.repeat(65_536 - start.length)}`
    expect(parseObject(longest).id).toBe('a')
    expect(codes(() => parseObject(`${longest}x`))).toEqual(['OBJECT_MALFORMED'])
    expect(codes(() => parseObject(' \t'))).toEqual(['OBJECT_MALFORMED'])
    expect(parseObject(' {"qom-type": "secret", "id": "a"}').type).toBe('secret')
  })

  test('gives back what was written', () => {
    const key = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/).filter((name) => name !== 'id')
    const properties = fc.dictionary(key, fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(properties, (written) => {
        const options = Object.entries(written).map(
          ([name, value]) => `${name}=${value.replaceAll(',', ',,')}`,
        )
        const parsed = parseObject(['secret', 'id=a', ...options].join(','))
        expect({ ...parsed.properties }).toEqual({ ...written })
      }),
    )
  })

  test('gives a definition or a diagnostic, whatever the text', () => {
    const piece = fc.constantFrom(
      ',',
      '=',
      '.',
      '0',
      '1',
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      'id',
      'a',
      ' ',
      '&',
      '*',
      '\n',
      '-',
      '__proto__',
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 30 }).map((parts) => parts.join('')),
    )
    const accepts = (run: () => unknown) => {
      try {
        run()
      } catch (error) {
        expect(error).toBeInstanceOf(DiagnosticError)
      }
    }
    fc.assert(
      fc.property(text, (given) => {
        accepts(() => create(given))
        accepts(() => parseObjects({ name: 'x.yaml', text: given }))
      }),
      { numRuns: 2000 },
    )
    expect(({} as Record<string, PropertyValue>).polluted).toBeUndefined()
  })
})

describe('parseObjects', () => {
  const yaml = (text: string) => parseObjects({ name: 'objects.yaml', text })

  test('reads a list, or a list below `objects`', () => {
    const list = '- qom-type: secret\n  id: a\n  data: on\n- {qom-type: secret, id: b, data: 007}\n'
    for (const text of [list, `objects:\n${list}`]) {
      const read = yaml(text)
      expect(read.map(({ id, properties }) => [id, { ...properties }])).toEqual([
        ['a', { data: 'on' }],
        ['b', { data: '007' }],
      ])
    }
  })

  const REFUSED: readonly (readonly [text: string, location: string])[] = [
    ['objects: 1\n', 'objects.yaml:1:10'],
    ['other: []\n', 'objects.yaml:1:1'],
    ['- 1\n', 'objects.yaml:1:3'],
    ['- qom-type: secret\n  id: a\n  data:\n', 'objects.yaml:3:8'],
    ['- &x {qom-type: secret, id: a}\n- *x\n', 'objects.yaml:2:3'],
    ['- qom-type: secret\n  id: a\n  id: b\n', 'objects.yaml:3:3'],
    ['- qom-type: secret\n id: a\n', 'objects.yaml:2:1'],
  ]

  for (const [text, location] of REFUSED) {
    test(`refuses ${JSON.stringify(text)} with its place`, () => {
      const [diagnostic] = refusal(() => yaml(text))
      expect(diagnostic?.code).toBe('OBJECT_MALFORMED')
      expect(diagnostic?.span && formatLocation(diagnostic.span)).toBe(location)
    })
  }
})

describe('objects are refused when they are made', () => {
  const dir = 'dir=/nowhere'
  const CASES: readonly (readonly [string, readonly string[], string])[] = [
    ['an unknown type', ['tls-creds-x500,id=a'], 'OBJECT_UNKNOWN_TYPE'],
    ['authz-pam', ['authz-pam,id=a,service=x'], 'OBJECT_UNSUPPORTED_TYPE'],
    ['an unknown property', ['tls-creds-anon,id=a,verifypeer=on'], 'OBJECT_UNKNOWN_PROPERTY'],
    ['an id that is there', ['secret,id=a,data=x', 'secret,id=a,data=y'], 'OBJECT_DUPLICATE_ID'],
    ['no dir', ['tls-creds-x509,id=a'], 'OBJECT_MISSING_PROPERTY'],
    ['a dir that is not there', [`tls-creds-x509,id=a,${dir}`], 'FILE_MISSING'],
    ['another endpoint', ['tls-creds-anon,id=a,endpoint=both'], 'OBJECT_WRONG_VALUE'],
    ['a boolean that is none', ['tls-creds-anon,id=a,verify-peer=1'], 'OBJECT_WRONG_VALUE'],
    [
      'a priority that does not parse',
      ['tls-creds-anon,id=a,priority=FOOBAR'],
      'PRIORITY_UNKNOWN_WORD',
    ],
    [
      'a keyword that is not there',
      ['tls-creds-anon,id=a,priority=@NOBODY'],
      'PRIORITY_UNRESOLVED',
    ],
    [
      'anonymous TLS 1.3',
      ['tls-creds-anon,id=a,priority=NORMAL:-VERS-ALL:+VERS-TLS1.3'],
      'TLS_NOTHING_NEGOTIABLE',
    ],
    [
      'a user name of a server',
      [`tls-creds-psk,id=a,endpoint=server,username=x,${dir}`],
      'OBJECT_CONFLICTING_PROPERTIES',
    ],
    ['shared keys without a file', [`tls-creds-psk,id=a,${dir}`], 'FILE_MISSING'],
    ['a secret without content', ['secret,id=a'], 'OBJECT_MISSING_PROPERTY'],
    ['a secret with two', ['secret,id=a,data=x,file=y'], 'OBJECT_CONFLICTING_PROPERTIES'],
    ['a secret that is not base64', ['secret,id=a,data=!,format=base64'], 'OBJECT_SECRET_UNUSABLE'],
    ['a secret of itself', ['secret,id=a,data=x,keyid=a,iv=AAAA'], 'OBJECT_SECRET_UNUSABLE'],
    [
      'secrets of each other',
      ['secret,id=a,data=x,keyid=b,iv=AAAA', 'secret,id=b,data=x,keyid=a,iv=AAAA'],
      'OBJECT_SECRET_UNUSABLE',
    ],
    ['a secret with no key', ['secret,id=a,data=x,keyid=b'], 'OBJECT_SECRET_NOT_FOUND'],
    [
      'a secret that is no secret',
      ['secret,id=a,data=x,keyid=b', 'tls-creds-anon,id=b'],
      'OBJECT_WRONG_TYPE',
    ],
    [
      'a simple authorization without an identity',
      ['authz-simple,id=a'],
      'OBJECT_MISSING_PROPERTY',
    ],
    ['a rule without a policy', ['authz-list,id=a,rules.0.match=x'], 'OBJECT_MISSING_PROPERTY'],
    ['a policy that is none', ['authz-list,id=a,policy=maybe'], 'OBJECT_WRONG_VALUE'],
    ['rules that are no list', ['authz-list,id=a,rules=x'], 'OBJECT_WRONG_VALUE'],
    [
      'an unknown property of a rule',
      ['authz-list,id=a,rules.0.matches=x'],
      'OBJECT_UNKNOWN_PROPERTY',
    ],
    [
      'a relative file to watch',
      ['authz-list-file,id=a,filename=x'],
      'OBJECT_CONFLICTING_PROPERTIES',
    ],
    ['a file that is not there', ['authz-list-file,id=a,filename=/x'], 'FILE_MISSING'],
    ['no libvirtd.conf', ['authz-libvirt,id=a,filename=/x'], 'FILE_MISSING'],
  ]

  for (const [name, definitions, code] of CASES) {
    test(name, () => {
      const [first] = refusal(() => create(...definitions))
      expect(first?.code, first?.message).toBe(code)
    })
  }

  test.each([
    ['tls-creds-x500,id=a', 'OBJECT_UNKNOWN_TYPE', '--object:1:1'],
    ['{"id": "a", "qom-type": "tls-creds-x500"}', 'OBJECT_UNKNOWN_TYPE', '--object:1:25'],
    ['secret,id=a,data=x,iv=AAAA', 'OBJECT_CONFLICTING_PROPERTIES', '--object:1:23'],
    ['secret,id=a,file=/y,data=x', 'OBJECT_CONFLICTING_PROPERTIES', '--object:1:26'],
  ])('%s with the place of the word', (text, code, location) => {
    const [first] = refusal(() => create(text))
    expect(first?.code).toBe(code)
    expect(first?.span && formatLocation(first.span)).toBe(location)
  })

  test('by the name of the object where the place does not tell it', () => {
    const [file] = refusal(() => create('authz-list-file,id=a,filename=/nowhere/x'))
    expect(file?.message).toMatch(/^authz-list-file a: .*\/nowhere\/x/)
    const [word] = refusal(() => create('tls-creds-anon,id=a,endpoint=both'))
    expect(word?.message).not.toMatch(/^tls-creds-anon a: /)
  })

  test('with every refusal at once, and each only once', () => {
    const secret = 'secret,id=s,data=!,format=base64'
    const folder = credentialFolder()
    const x509 = `tls-creds-x509,id=x,dir=${folder},passwordid=s`
    expect(codes(() => create(x509, secret, 'authz-list,id=l,a=1,b=2'))).toEqual([
      'OBJECT_UNKNOWN_PROPERTY',
      'OBJECT_UNKNOWN_PROPERTY',
      'OBJECT_SECRET_UNUSABLE',
    ])
  })

  test('says which key of shared keys is wrong, and shows none', () => {
    const dir = credentialFolder({ others: { 'keys.psk': 'other:aa\nqemu:5ecre7x\n' } })
    const [diagnostic] = refusal(() => create(`tls-creds-psk,id=a,dir=${dir}`))
    expect(diagnostic?.code).toBe('OBJECT_INVALID_SHARED_KEY')
    expect(JSON.stringify(diagnostic)).not.toContain('5ecre7')
    expect(codes(() => create(`tls-creds-psk,id=a,username=qem,dir=${dir}`))).toEqual([
      'OBJECT_MISSING_USER',
    ])
  })
})

describe('look-ups', () => {
  test('take texts for ids, and sides for sides', () => {
    const objects = create('tls-creds-anon,id=tls0')
    const wrong = [
      () => objects.credentials(5 as never, 'client'),
      () => objects.credentials('tls0', 'both' as never),
      () => objects.endpointOf(5 as never),
      () => objects.authorization(5 as never),
      () => objects.hold(5 as never),
      () => objects.remove(5 as never),
      () => objects.remove('tls0', 'soft' as never),
      () => objects.add({ type: 'secret' } as never),
      () => objects.redefine({ type: 'secret' } as never),
      () => TlsObjects.create([5 as never]),
      () => TlsObjects.create([], { keyword: 5 as never }),
      () => objects.watch(5 as never),
    ]
    expect(wrong.flatMap(codes)).toEqual(wrong.map(() => 'LIBRARY_ARGUMENT'))
    expect(codes(() => objects.hold('x'))).toEqual(['OBJECT_ABSENT'])
    expect(codes(() => objects.endpointOf('x'))).toEqual(['OBJECT_NOT_FOUND'])
  })

  test('of a secret name those that are there, and never what was asked for', () => {
    const asking = (...others: readonly string[]) =>
      refusal(() => create('secret,id=a,data=x,keyid=hunter2,iv=AAAA', ...others))[0]?.hint
    expect(asking()).toContain('there is a')
    const folder = credentialFolder()
    const x509 = () => create(`tls-creds-x509,id=x,dir=${folder},passwordid=hunter2`)
    expect(refusal(x509)[0]?.hint).toContain('define one with --object secret')
  })

  test('say what is missing, and what is something else', () => {
    const objects = create('tls-creds-anon,id=tls0', 'authz-simple,id=authz0,identity=x')
    const lookUp = [
      () => objects.credentials('tls1', 'client'),
      () => objects.credentials('authz0', 'client'),
      () => objects.credentials('tls0', 'server'),
      () => objects.authorization('tls0'),
    ]
    expect(lookUp.flatMap(codes)).toEqual([
      'OBJECT_NOT_FOUND',
      'OBJECT_WRONG_TYPE',
      'OBJECT_WRONG_ENDPOINT',
      'OBJECT_WRONG_TYPE',
    ])
    expect(refusal(() => objects.credentials('tls1', 'client'))[0]?.hint).toBe('did you mean tls0?')
    expect(refusal(() => objects.credentials('other', 'client'))[0]?.hint).toBe('there is tls0')
    expect(refusal(() => create().credentials('tls0', 'client'))[0]?.hint).toBe(
      'define it with --object',
    )
  })
})

describe('files are noticed', () => {
  test('parameters of Diffie-Hellman, which are not used', () => {
    const others = { 'dh-params.pem': dhParameters(2048) }
    const told = (dir: string) =>
      create(`tls-creds-x509,id=a,endpoint=server,dir=${dir}`).warnings.map(({ code }) => code)
    expect(told(credentialFolder({ others }))).toContain('OBJECT_UNUSED_DH_PARAMETERS')
    const usual = told(credentialFolder())
    // Nor is a server expensive, or one that sends tickets, where OpenSSL can be told otherwise.
    for (const code of ['UNUSED_DH_PARAMETERS', 'COSTLY_VERIFICATION', 'SAME_KEY_TYPE']) {
      expect(usual).not.toContain(`OBJECT_${code}`)
    }
    expect(usual).not.toContain('TLS_SESSION_TICKETS')
  })

  test('shared keys of another name, of the user qemu unless another is named', () => {
    const key = 'a5'.repeat(32)
    const dir = credentialFolder({ others: { 'keys.psk': `eve:${key}\n`, other: `qemu:${key}\n` } })
    chmodSync(join(dir, 'keys.psk'), 0o600)
    chmodSync(join(dir, 'other'), 0o600)
    const load = (more: string) => () => create(`tls-creds-psk,id=a,dir=${dir}${more}`)
    expect(codes(load(''))).toEqual(['OBJECT_MISSING_USER'])
    expect(load(',username=eve')().warnings).toEqual([])
    expect(load(',x-file=other')().warnings).toEqual([])
    expect(codes(load(',x-file=other,username=eve'))).toEqual(['OBJECT_MISSING_USER'])
  })

  test('bad lines of other users, by servers alone', () => {
    const key = 'a5'.repeat(32)
    const dir = credentialFolder({ others: { 'keys.psk': `qemu:${key}\neve:a5\n` } })
    chmodSync(join(dir, 'keys.psk'), 0o600)
    const told = (role: string) =>
      create(`tls-creds-psk,id=a,dir=${dir},endpoint=${role}`).warnings.map(({ code }) => code)
    expect(told('client')).toEqual([])
    expect(told('server')).toEqual(['OBJECT_SHORT_SHARED_KEY'])
  })
})
