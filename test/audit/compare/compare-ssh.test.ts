/** What a server of SSH offers, held against a policy, without the server. */
import { describe, expect, test } from 'vitest'
import { compareSsh } from '../../../src/audit/compare/compare-ssh.ts'
import { sshYardstick } from '../../../src/audit/compare/ssh-yardstick.ts'
import type { SshOffer, SshScan } from '../../../src/audit/ssh-model.ts'
import { shippedPolicy } from '../../shipped-policies.ts'

/** Of Kerberos: the hash of its object identifier, as OpenSSH's GSSAPI patch sends it (RFC 4462, section 2). */
const KERBEROS = 'toWM5Slw5Ew8Mqkay+al2g=='

const POLICY = `cipher = AES-256-GCM
mac = AEAD
hash = SHA2-256
group = X25519 SECP256R1
sign = EDDSA-ED25519
key_exchange = ECDHE ECDHE-GSS
protocol@TLS = TLS1.3
`

const YARDSTICK = sshYardstick(shippedPolicy('DEFAULT', { 'DEFAULT.pol': POLICY }).policy)

const CIPHERS = ['aes256-gcm@openssh.com']

const OFFER: SshOffer = {
  keyExchanges: [
    ...['curve25519-sha256', 'curve25519-sha256@libssh.org', 'ecdh-sha2-nistp256'],
    ...[`gss-nistp256-sha256-${KERBEROS}`, `gss-curve25519-sha256-${KERBEROS}`],
  ],
  hostKeyAlgorithms: ['ssh-ed25519'],
  ciphers: { toServer: CIPHERS, toClient: CIPHERS },
  macs: { toServer: [], toClient: [] },
  compression: { toServer: ['none'], toClient: ['none'] },
  markers: [],
}

const WHOLE: SshScan = {
  identification: 'SSH-2.0-OpenSSH_9.2p1',
  offer: OFFER,
  extensions: { names: ['server-sig-algs'], userSignatures: ['ssh-ed25519'] },
  hostKeys: [],
  smallestPrime: 4096,
}

function judge(offer: Partial<SshOffer>, other: Partial<SshScan> = {}): readonly string[] {
  const scan: SshScan = { ...WHOLE, offer: { ...OFFER, ...offer }, ...other }
  const findings = compareSsh(scan, YARDSTICK)
  return findings.map(({ severity, message }) => `${severity} ${message}`)
}

test('what a server lacks of the policy is told, with no word of what it has', () => {
  const whole = judge({})
  expect(whole.filter((line) => line.includes('the key exchange'))).toEqual([])
  const [first, , third, fourth] = OFFER.keyExchanges
  const less = judge({ keyExchanges: [first!, third!, fourth!] })
  const added = less.filter((line) => !whole.includes(line))
  expect(added.toSorted()).toEqual([
    'info the server does not offer the key exchange curve25519-sha256@libssh.org, which is allowed',
    'info the server does not offer the key exchange gss-curve25519-sha256-, which is allowed',
  ])
})

test('of a name only the mechanism of GSSAPI is free', () => {
  const names = [`gss-group14-sha1-${KERBEROS}`, 'curve25519-sha256-', 'ecdh-sha2-nistp2567']
  const told = judge({ keyExchanges: [...OFFER.keyExchanges, ...names] })
  const forbidden = told.filter((line) => line.includes('not allowed'))
  expect(forbidden.toSorted()).toEqual([
    `high the server offers the key exchange gss-group14-sha1-${KERBEROS}, which is not allowed`,
    'medium the server offers the key exchange curve25519-sha256-, which is not allowed',
    'medium the server offers the key exchange ecdh-sha2-nistp2567, which is not allowed',
  ])
})

test('a key exchange of GSSAPI has the lines of its exchange, hash and group', () => {
  const reasons = (name: string) =>
    YARDSTICK.reasonsFor('key exchange', name).map(({ text }) => text)
  expect(reasons(`gss-curve25519-sha256-${KERBEROS}`)).toEqual([
    ...['key_exchange = ECDHE ECDHE-GSS', 'hash = SHA2-256', 'group = X25519 SECP256R1'],
  ])
  // Its hash is enabled.
  expect(reasons(`gss-group14-sha256-${KERBEROS}`)).toEqual([
    ...['key_exchange = ECDHE ECDHE-GSS', 'group = X25519 SECP256R1'],
  ])
  expect(reasons(`gss-other-sha1-${KERBEROS}`)).toEqual([
    `no policy has a name for gss-other-sha1-${KERBEROS}`,
  ])
})

test('where the server picks the group, the line that lets it is told in place of a group', () => {
  const text = `${POLICY}key_exchange = DHE\narbitrary_dh_groups = 1\n`
  const yardstick = sshYardstick(shippedPolicy('DEFAULT', { 'DEFAULT.pol': text }).policy)
  const name = 'diffie-hellman-group-exchange-sha256'
  expect(yardstick.reasonsFor('key exchange', name).map(({ text: line }) => line)).toEqual([
    ...['key_exchange = DHE', 'hash = SHA2-256', 'arbitrary_dh_groups = 1'],
  ])
})

/** What is told of a whole scan, under a policy with these lines beside. */
function judgeScan(scan: Partial<SshScan>, lines = ''): readonly string[] {
  const { policy } = shippedPolicy('DEFAULT', { 'DEFAULT.pol': `${POLICY}${lines}` })
  const whole: SshScan = {
    ...{ ...WHOLE, identification: 'SSH-2.0-x', smallestPrime: { answer: 'not-offered' } },
    ...scan,
  }
  const worse = compareSsh(whole, sshYardstick(policy)).filter(
    ({ severity }) => severity !== 'info',
  )
  return worse.map(
    ({ severity, item, evidence }) => `${severity} ${item.kind} ${item.name}: ${evidence.join()}`,
  )
}

test('what is broken is worse than what is not allowed', () => {
  const names: Readonly<Record<string, readonly string[]>> = {
    high: [
      ...['none', 'arcfour', 'arcfour256', '3des-cbc', '3des-ctr', 'blowfish-cbc', 'cast128-cbc'],
      ...['hmac-md5', 'hmac-md5-96-etm@openssh.com', 'ssh-dss', 'diffie-hellman-group1-sha1'],
      ...['diffie-hellman-group14-sha1', 'diffie-hellman-group-exchange-sha1'],
      ...['gss-gex-sha1-', 'rsa1024-sha1'],
      ...['ssh-rsa', 'ssh-rsa-cert-v01@openssh.com', 'x509v3-ssh-rsa'],
    ],
    medium: [
      ...['aes128-cbc', 'hmac-sha1', 'hmac-sha1-96', 'hmac-sha1-etm@openssh.com', 'hmac-sha2-512'],
      ...['rsa-sha2-256', 'rsa-sha2-512-cert-v01@openssh.com', 'x509v3-rsa2048-sha256'],
      ...['nonesuch', 'xnone', 'diffie-hellman-group14-sha256', 'umac-64@openssh.com'],
    ],
  }
  for (const [severity, list] of Object.entries(names)) {
    const found = judgeScan({ offer: { ...OFFER, keyExchanges: list } })
    expect(found).toEqual(list.map((name) => `${severity} key exchange ${name}: ssh offers`))
  }
})

test('what is offered in one direction counts, and in both of them once', () => {
  const [ciphers, macs] = [
    { toServer: ['a', 'b'], toClient: ['b', 'c'] },
    { toServer: ['d'], toClient: ['d', 'e'] },
  ]
  const kinds = judgeScan({ offer: { ...OFFER, ciphers, macs } })
  expect(kinds.filter((line) => line.includes('cipher'))).toEqual(
    ['a', 'b', 'c'].map((name) => `medium cipher ${name}: ssh offers`),
  )
  // No list of codes is written for a policy that has none beside those of ciphers.
  expect(kinds.filter((line) => line.includes('MAC'))).toEqual([])
})

test('a server that has told nothing of what it offers is unknown', () => {
  const messages = (offer: SshScan['offer']) =>
    compareSsh(
      {
        ...{ identification: '', offer, extensions: { answer: 'not-offered' } },
        ...{ hostKeys: [], smallestPrime: { answer: 'not-offered' } },
      },
      YARDSTICK,
    ).map(({ message }) => message)
  const words = (because: string) => [
    `the server could not be asked for its algorithms: ${because}`,
  ]
  const ended = words('the server ended the connection')
  expect(messages({ answer: 'refused', alert: null, name: null })).toEqual(ended)
  const named = { answer: 'refused', alert: null, name: 'closed before it spoke SSH' } as const
  expect(messages(named)).toEqual(
    words('the server ended the connection: closed before it spoke SSH'),
  )
  expect(messages({ answer: 'not-offered' })).toEqual(ended)
  expect(messages({ answer: 'timed-out' })).toEqual(words('it timed out'))
  expect(messages({ answer: 'unknown', because: 'budget spent' })).toEqual(words('budget spent'))
})

test('keys of RSA are held against their least size, also in certificates', () => {
  const key = (type: string, bits: number | null) => ({
    ...{ type, algorithms: [type], question: `ssh host key ${type}` },
    key: { bits, fingerprint: 'SHA256:x', authority: null },
  })
  const judge = (type: string, bits: number | null) =>
    judgeScan({ hostKeys: [key(type, bits)] }, 'min_rsa_size = 3072\n')
  expect(judge('ssh-rsa', 3072)).toEqual([])
  expect(judge('ssh-rsa', null)).toEqual([])
  expect(judge('ssh-ed25519', 256)).toEqual([])
  expect(judge('ssh-rsa', 3071)).toEqual([
    expect.stringMatching(/ host key ssh-rsa: ssh host key ssh-rsa$/),
  ])
  expect(judge('ssh-rsa-cert-v01@openssh.com', 2048)).toHaveLength(1)
  const ends = [{ answer: 'timed-out' }, { answer: 'refused', alert: null, name: null }] as const
  for (const end of ends) {
    expect(judgeScan({ hostKeys: [{ ...key('ssh-rsa', null), key: end }] })).toEqual([
      'unknown host key ssh-rsa: ssh host key ssh-rsa',
    ])
  }
})

test('keys of RSA that signed certificates are held against the same size, whatever they signed', () => {
  const judge = (type: string, bits: number, signer: string, signerBits: number | null) =>
    judgeScan(
      {
        hostKeys: [
          {
            ...{ type, algorithms: [type], question: `ssh host key ${type}` },
            ...{ key: { bits, fingerprint: 'x', authority: { type: signer, bits: signerBits } } },
          },
        ],
      },
      'min_rsa_size = 3072\n',
    ).map((line) => line.replace(/: .*/, ''))
  const [rsa, ed25519] = ['ssh-rsa', 'ssh-ed25519'].map((name) => `${name}-cert-v01@openssh.com`)
  const signed = (type = '') => `high key of the host certificate authority ${type}`
  expect(judge(rsa!, 3072, 'ssh-rsa', 3072)).toEqual([])
  expect(judge(rsa!, 3072, 'ssh-rsa', 3071)).toEqual([signed(rsa)])
  expect(judge(rsa!, 3071, 'ssh-rsa', 3071)).toEqual([`high host key ${rsa}`, signed(rsa)])
  expect(judge(ed25519!, 256, 'ssh-rsa', 2048)).toEqual([signed(ed25519)])
  expect(judge(ed25519!, 256, 'ssh-ed25519', 256)).toEqual([])
  expect(judge(ed25519!, 256, 'ssh-rsa', null)).toEqual([])
})

test('the smallest prime is held against the least size, worse below 2048 bits', () => {
  const hostKeys = ['ssh host key ssh-rsa, smallest prime', 'ssh host key ssh-ed25519'].map(
    (question) => ({
      ...{ type: 'ssh-ed25519', algorithms: ['ssh-ed25519'], question },
      key: { bits: 256, fingerprint: 'SHA256:x', authority: null },
    }),
  )
  const judge = (smallestPrime: SshScan['smallestPrime'], keys = hostKeys) =>
    judgeScan({ smallestPrime, hostKeys: keys }, 'min_dh_size = 3072\n')
  const [own = ''] = hostKeys.map(({ question }) => question)
  expect(judge(3072)).toEqual([])
  expect(judge(3071)).toEqual([`medium prime 3071 bits: ${own}`])
  expect(judge(2048)).toEqual([`medium prime 2048 bits: ${own}`])
  expect(judge(2047, [])).toEqual(['high prime 2047 bits: ssh offers'])
  expect(judge({ answer: 'not-offered' })).toEqual([])
  expect(judge({ answer: 'timed-out' })).toEqual([`unknown smallest prime : ${own}`])
  // A server that has no prime of the size that is asked for ends the connection: RFC 4419, section 3.
  const refused = { answer: 'refused', alert: null, name: null } as const
  expect(judge(refused)).toEqual([`unknown smallest prime : ${own}`])
})

describe('algorithms that users may sign with', () => {
  const extensions = (...userSignatures: readonly string[]) => ({
    extensions: { names: ['server-sig-algs'], userSignatures },
  })
  const told = (identification: string, other: Partial<SshScan>) =>
    judge({}, { identification, ...other }).filter((line) => line.includes('user signature'))
  const WEAK = ['ssh-ed25519', 'ssh-dss', 'ssh-rsa']

  test.each(['SSH-2.0-OpenSSH_9.6', 'SSH-2.0-OpenSSH_10.0p1', 'SSH-2.0-dropbear_2022.83'])(
    'are told where they are not allowed: %s',
    (identification) => {
      expect(told(identification, extensions(...WEAK))).toEqual([
        'high the server offers the user signature algorithm ssh-dss, which is not allowed',
        'high the server offers the user signature algorithm ssh-rsa, which is not allowed',
      ])
    },
  )

  test.each(['SSH-2.0-OpenSSH_9.5', 'SSH-2.0-OpenSSH_8.9p1 Ubuntu-3'])(
    'are unknown where the server tells more than it takes: %s',
    (identification) => {
      expect(told(identification, extensions(...WEAK))).toEqual([
        'unknown the server could not be asked for its user signature algorithms: OpenSSH before 9.6 tells all that it knows, whatever its configuration allows',
      ])
      expect(told(identification, extensions('ssh-ed25519'))).toEqual([])
    },
  )

  test('are unknown where the extensions are', () => {
    expect(told('SSH-2.0-x', { extensions: { answer: 'timed-out' } })).toEqual([
      'unknown the server could not be asked for its user signature algorithms: it timed out',
    ])
    const refused = {
      answer: 'refused',
      alert: null,
      name: 'SSH_DISCONNECT_MAC_ERROR: no',
    } as const
    expect(told('SSH-2.0-x', { extensions: refused })).toEqual([
      'unknown the server could not be asked for its user signature algorithms: the server ended the connection: SSH_DISCONNECT_MAC_ERROR: no',
    ])
  })

  test.each<[string, SshScan['extensions']]>([
    ['extensions without them', { names: [], userSignatures: null }],
    ['no extensions', { answer: 'not-offered' }],
  ])('are unknown where the server has %s: it takes some all the same', (_title, extensions) => {
    for (const identification of ['SSH-2.0-x', 'SSH-2.0-OpenSSH_9.5']) {
      expect(told(identification, { extensions })).toEqual([
        'unknown the server could not be asked for its user signature algorithms: it does not tell them (server-sig-algs of RFC 8308)',
      ])
    }
  })

  test('are no matter of a policy that has no word for them', () => {
    const text = POLICY.replace(/sign = .*/, 'sign =')
    const yardstick = sshYardstick(shippedPolicy('DEFAULT', { 'DEFAULT.pol': text }).policy)
    expect(yardstick.allowed['user signature algorithm']).toBeUndefined()
    for (const extensions of [{ answer: 'not-offered' }, { answer: 'timed-out' }] as const) {
      const scan = { ...WHOLE, extensions }
      const kinds = compareSsh(scan, yardstick).map(({ item }) => item.kind)
      expect(kinds.filter((kind) => kind.startsWith('user signature'))).toEqual([])
    }
  })

  test('are looked for in the configuration of the server where to ask again does not help', () => {
    const remedies = (extensions: SshScan['extensions']) =>
      compareSsh({ ...WHOLE, extensions }, YARDSTICK)
        .filter(({ item }) => item.kind.startsWith('user signature'))
        .map(({ remedy }) => remedy)
    const named = [expect.stringContaining('PubkeyAcceptedAlgorithms')]
    expect(remedies({ answer: 'not-offered' })).toEqual(named)
    expect(remedies({ names: [], userSignatures: WEAK })).toEqual(named)
    expect(remedies({ answer: 'timed-out' })).toEqual(['Ask again with a longer --timeout.'])
  })

  test('have the lines of signatures in the policy', () => {
    expect(YARDSTICK.reasonsFor('user signature algorithm', 'ssh-dss')).toEqual(
      YARDSTICK.reasonsFor('host key algorithm', 'ssh-dss'),
    )
  })
})

test.each([
  ['SSH-1.99-OpenSSH_3.9p1', true],
  ['SSH-1.5-1.2.33', true],
  ['SSH-2.0-OpenSSH_9.2p1', false],
])('%s speaks SSH 1: %s', (identification, isTold) => {
  const lines = isTold ? ['critical the server accepts SSH1, which is not allowed'] : []
  const told = (other: Partial<SshScan>) =>
    judge({}, { identification, ...other }).filter((line) => line.includes('SSH1'))
  expect(told({})).toEqual(lines)
  expect(told({ offer: { answer: 'timed-out' } })).toEqual(lines)
})
