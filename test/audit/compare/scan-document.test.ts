/** Documents of earlier scans: what lacks anything that a comparison reads is refused; facts of SSH are compared. */
import { describe, expect, test } from 'vitest'
import { compareScans, compareWithBaseline } from '../../../src/audit/compare/baseline.ts'
import { parseScanDocument } from '../../../src/audit/compare/scan-document.ts'
import { type AuditTarget, withServerName } from '../../../src/audit/scan/target.ts'
import { refusal } from '../../diagnostic-code.ts'
import { ACCEPTED, NOT_OFFERED } from '../answers.ts'
import { resultOf, SCAN } from './scans.ts'

const both = (...names: readonly string[]) => ({ toServer: names, toClient: names })

const SSH = {
  identification: 'SSH-2.0-x',
  offer: {
    ...{ keyExchanges: ['kex'], hostKeyAlgorithms: ['alg'], markers: [] },
    ...{ ciphers: both('c'), macs: both('m'), compression: both('none') },
  },
  extensions: { names: ['server-sig-algs'], userSignatures: ['sig'] },
  hostKeys: [
    { type: 'rsa', key: { bits: 3072, fingerprint: 'SHA256:x' } },
    { type: 'dsa', key: NOT_OFFERED },
  ],
  smallestPrime: 2048,
}

const WHOLE = {
  ...resultOf({
    ...SCAN,
    diffieHellman: [{ version: 'TLS1.2', bits: 2048, group: null }],
    features: { a: ACCEPTED },
  }),
  ssh: SSH,
  clearText: { kind: 'refused', said: 'no' },
}

/** The document with another value at a place; undefined takes it away. */
function changed(path: string, value: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(WHOLE))
  const names = path.split('.')
  const last = names.pop() ?? ''
  const holder = names.reduce((one, name) => one[name], copy)
  holder[last] = value
  return JSON.parse(JSON.stringify(copy))
}

describe('a document', () => {
  test('is read with its envelope or without it, and with TLS or SSH alone', () => {
    expect(parseScanDocument(WHOLE)).toEqual({
      tls: WHOLE.tls,
      ssh: SSH,
      clearText: WHOLE.clearText,
    })
    expect(parseScanDocument({ result: WHOLE })).toMatchObject({ ssh: SSH })
    expect(parseScanDocument({ tls: WHOLE.tls })).toEqual({
      tls: WHOLE.tls,
      ssh: null,
      clearText: null,
    })
    expect(parseScanDocument({ ssh: SSH })).toMatchObject({ tls: null, ssh: SSH })
  })

  test.each([
    null,
    [],
    'x',
    {},
    { result: null },
    { tls: null, ssh: null },
    { tls: [], ssh: SSH },
    { tls: {}, ssh: null },
    { ssh: {} },
  ])('%j is refused', (document) => expect(parseScanDocument(document)).toBeUndefined())

  test.each<[string, unknown]>([
    ['clearText', 'x'],
    ['clearText.kind', 1],
    ['tls.versions', {}],
    ['tls.versions.0', 'x'],
    ['tls.versions.0.name', 1],
    ['tls.versions.0.result', 'accepted'],
    ['tls.versions.0.result.answer', undefined],
    ['tls.suites', undefined],
    ['tls.suites.0.version', 1],
    ['tls.suites.0.order', undefined],
    ['tls.suites.0.items', {}],
    ['tls.suites.0.items.0.name', undefined],
    ['tls.suites.0.end', null],
    ['tls.groups', 'x'],
    ['tls.groups.0.version', undefined],
    ['tls.signatures', null],
    ['tls.signatures.0.order', 1],
    ['tls.chains', {}],
    ['tls.chains.0.certificates', undefined],
    ['tls.chains.0.certificates.0.keyType', 1],
    ['tls.chains.0.certificates.0.fingerprint', undefined],
    ['tls.diffieHellman', undefined],
    ['tls.diffieHellman.0.bits', '2048'],
    ['tls.diffieHellman.0.version', undefined],
    ['tls.diffieHellman.0.group', 1],
    ['tls.clientCertificate', undefined],
    ['tls.clientCertificate.asked', undefined],
    ['tls.clientCertificate.required', undefined],
    ['tls.clientCertificate.authorities', [1]],
    ['tls.clientCertificate.schemes', [1]],
    ['tls.clientCertificate.schemes', [{}]],
    ['tls.protocols', 'x'],
    ['tls.protocols.items', [1]],
    ['tls.protocols.end', undefined],
    ['tls.features', undefined],
    ['tls.features', []],
    ['tls.features.a', 'accepted'],
    ['ssh.offer', undefined],
    ['ssh.offer.keyExchanges', undefined],
    ['ssh.offer.keyExchanges', [1]],
    ['ssh.offer.hostKeyAlgorithms', 'alg'],
    ['ssh.offer.ciphers', undefined],
    ['ssh.offer.ciphers.toServer', undefined],
    ['ssh.offer.macs.toClient', undefined],
    ['ssh.offer.compression.toClient', [1]],
    ['ssh.hostKeys', {}],
    ['ssh.hostKeys.0.type', undefined],
    ['ssh.hostKeys.0.key', undefined],
    ['ssh.hostKeys.0.key.fingerprint', undefined],
    ['ssh.smallestPrime', undefined],
    ['ssh.identification', undefined],
    ['ssh.extensions', 'none'],
    ['ssh.extensions.userSignatures', [1]],
    ['ssh.extensions.userSignatures', 'sig'],
  ])('with another %s (%j) is refused', (path, value) => {
    expect(parseScanDocument(changed(path, value))).toBeUndefined()
  })

  test.each<[string, unknown]>([
    ['tls.protocols', undefined],
    ['tls.clientCertificate.authorities', undefined],
    ['tls.clientCertificate.schemes', undefined],
    ['tls.diffieHellman.0.group', 'ffdhe2048'],
    ['ssh.offer', NOT_OFFERED],
    ['ssh.smallestPrime', NOT_OFFERED],
    ['ssh.extensions', undefined],
    ['ssh.extensions', NOT_OFFERED],
    ['ssh.extensions.userSignatures', undefined],
    ['ssh.extensions.userSignatures', null],
    ['clearText', null],
    ['clearText', undefined],
  ])('of another release, with another %s (%j), is read', (path, value) => {
    expect(parseScanDocument(changed(path, value))).toBeDefined()
  })
})

describe('two scans of SSH', () => {
  const scan = (more: object) => ({ tls: null, ssh: { ...SSH, ...more } as never })
  const told = (earlier: object, later: object) =>
    compareScans(scan(earlier), scan(later)).map(({ code, item }) => [
      ...[code.replace('AUDIT_', ''), `${item.kind} ${item.name}`.trim()],
    ])
  const offer = (more: object) => ({ offer: { ...SSH.offer, ...more } })

  test.each<[string, object, readonly (readonly string[])[]]>([
    ['nothing', {}, []],
    ['a key exchange', offer({ keyExchanges: ['kex', 'new'] }), [['ADDED', 'key exchange new']]],
    [
      'a host key algorithm',
      offer({ hostKeyAlgorithms: [] }),
      [['REMOVED', 'host key algorithm alg']],
    ],
    [
      'a cipher in one direction',
      offer({ ciphers: { toServer: ['c'], toClient: ['c', 'd'] } }),
      [['ADDED', 'cipher d']],
    ],
    ['a MAC', offer({ macs: { toServer: ['m', 'n'], toClient: ['m'] } }), [['ADDED', 'MAC n']]],
    ['compression', offer({ compression: both('none', 'zlib') }), [['ADDED', 'compression zlib']]],
    [
      'what users may sign with',
      { extensions: { names: [], userSignatures: ['ssh-dss'] } },
      [
        ['ADDED', 'user signature algorithm ssh-dss'],
        ['REMOVED', 'user signature algorithm sig'],
      ],
    ],
    ['extensions that are not known', { extensions: NOT_OFFERED }, []],
    ['extensions that an earlier release did not tell', { extensions: undefined }, []],
    [
      'what OpenSSH knows, whatever it takes',
      {
        identification: 'SSH-2.0-OpenSSH_9.2p1',
        extensions: { names: [], userSignatures: ['ssh-dss'] },
      },
      [['CHANGED', 'identification']],
    ],
    ['a smaller prime', { smallestPrime: 1024 }, [['CHANGED', 'prime']]],
    ['another name', { identification: 'SSH-2.0-y' }, [['CHANGED', 'identification']]],
    [
      'another key',
      { hostKeys: [{ type: 'rsa', key: { bits: 1, fingerprint: 'SHA256:z' } }] },
      [['CHANGED', 'host key rsa']],
    ],
  ])('that differ in %s', (_, more, expected) => {
    expect(told({ hostKeys: [SSH.hostKeys[0]] }, { hostKeys: [SSH.hostKeys[0]], ...more })).toEqual(
      expected,
    )
  })

  test('of which the later learnt nothing are not unchanged', () => {
    const timedOut = { answer: 'timed-out' }
    const unknown = { offer: timedOut, extensions: timedOut, smallestPrime: timedOut }
    expect(told({}, unknown)).toEqual([])
    const kinds = compareWithBaseline(scan({}), scan(unknown)).map(({ item }) => item.kind)
    expect(kinds.toSorted()).toEqual([
      ...['MAC', 'cipher', 'compression', 'host key', 'host key algorithm', 'key exchange'],
      ...['prime', 'user signature algorithm'],
    ])
    const withoutGroups = scan({ smallestPrime: NOT_OFFERED, hostKeys: [SSH.hostKeys[0]] })
    const earlier = scan({ hostKeys: [SSH.hostKeys[0]] })
    expect(compareWithBaseline(earlier, withoutGroups)).toEqual([])
    expect(
      compareWithBaseline(
        scan({ hostKeys: [SSH.hostKeys[0]] }),
        scan({ hostKeys: [SSH.hostKeys[0]] }),
      ),
    ).toEqual([])
  })
})

test('a server name has 1 to 255 characters of ASCII', () => {
  const address = { kind: 'tcp', host: 'h', port: 443 } as const
  const target: AuditTarget = { text: 'h:443', scheme: 'tls', address, serverName: undefined }
  const names = ['a', 'x'.repeat(255), '!~']
  expect(names.map((name) => withServerName(target, name).serverName)).toEqual(names)
  expect(withServerName(target, undefined).serverName).toBeUndefined()
  for (const name of ['', 'x'.repeat(256), 'a b', 'a\n', 'é', ' a']) {
    expect(() => withServerName(target, name)).toThrow(refusal('AUDIT_BAD_TARGET'))
  }
})
