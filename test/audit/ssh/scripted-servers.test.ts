/** SSH servers that answer what OpenSSH does not, by the standards: what the audit makes of them. */
import { getDiffieHellman } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ExchangeEnded } from '../../../src/audit/connection/failure.ts'
import { encodeDisconnect } from '../../../src/audit/ssh/messages/disconnect.ts'
import { encodeExtensionInfo } from '../../../src/audit/ssh/messages/extension-info.ts'
import { encodeKeyExchangeReply } from '../../../src/audit/ssh/messages/key-exchange.ts'
import type { KeyExchangeInit } from '../../../src/audit/ssh/messages/key-exchange-init.ts'
import { scanSsh } from '../../../src/audit/ssh/scan-ssh.ts'
import type { SshScan } from '../../../src/audit/ssh-model.ts'
import {
  ED25519,
  hostKeyOf,
  numberOf,
  ScriptedServer,
  type ServerOptions,
} from './scripted-server.ts'

type Audited = { readonly scan: SshScan; readonly heard: ReadonlyMap<string, readonly number[]> }

/** Audits a server that may behave otherwise at each question. */
async function audit(
  optionsFor: ServerOptions | ((claim: string) => ServerOptions),
): Promise<Audited> {
  const heard = new Map<string, readonly number[]>()
  const scan = await scanSsh(async (claim, converse) => {
    const options = typeof optionsFor === 'function' ? optionsFor(claim) : optionsFor
    const server = new ScriptedServer(options)
    heard.set(claim, server.heard)
    try {
      return { isAnswered: true, value: await converse(server) }
    } catch (error) {
      if (!(error instanceof ExchangeEnded)) throw error
      return { isAnswered: false, failure: { failure: error.end } }
    }
  })
  return { scan, heard }
}

const unknown = (because: string) => ({ answer: 'unknown', because })
const refused = (name: string | null) => ({ answer: 'refused', alert: null, name })

const RSA = hostKeyOf('ssh-rsa', Buffer.of(3), numberOf(3072))
const ECDSA = hostKeyOf('ecdsa-sha2-nistp384', Buffer.from('nistp384'), Buffer.alloc(97, 4))

/** Shows the key of the type that is asked for. */
function withKeys(init: Partial<KeyExchangeInit>): (claim: string) => ServerOptions {
  return (claim) => {
    const other = claim.includes('ecdsa') ? ECDSA : ED25519
    return { init, hostKey: claim.includes('ssh-rsa') ? RSA : other }
  }
}

describe('what is offered', () => {
  test('is told as the server says it, without the signs among its key exchanges', async () => {
    const keyExchanges = [
      ...['curve25519-sha256', 'ext-info-s', 'kex-strict-s-v00@openssh.com', 'ext-info-x'],
      ...['kex-strict-c-v00@openssh.com', 'ext-info-c', 'x-ext-info-c', 'ext-info-ss'],
    ]
    const { scan } = await audit({
      init: {
        keyExchanges,
        ...{ ciphersToServer: ['aes128-ctr', 'a'], ciphersToClient: ['aes128-ctr', 'b'] },
        ...{ macsToServer: ['hmac-sha2-256', 'c'], macsToClient: ['hmac-sha2-256', 'd'] },
        ...{ compressionToServer: ['none', 'e'], compressionToClient: ['none', 'f'] },
      },
    })
    expect(scan.offer).toEqual({
      keyExchanges: ['curve25519-sha256', 'ext-info-x', 'x-ext-info-c', 'ext-info-ss'],
      hostKeyAlgorithms: ['ssh-ed25519'],
      ciphers: { toServer: ['aes128-ctr', 'a'], toClient: ['aes128-ctr', 'b'] },
      macs: { toServer: ['hmac-sha2-256', 'c'], toClient: ['hmac-sha2-256', 'd'] },
      compression: { toServer: ['none', 'e'], toClient: ['none', 'f'] },
      markers: [
        'ext-info-s',
        'kex-strict-s-v00@openssh.com',
        'kex-strict-c-v00@openssh.com',
        'ext-info-c',
      ],
    })
    expect(scan.identification).toBe('SSH-2.0-x')
  })

  test('has a connection for each type of key, and no keys are taken into use but once', async () => {
    const hostKeyAlgorithms = ['ssh-ed25519', 'rsa-sha2-512', 'ecdsa-sha2-nistp384', 'ssh-rsa']
    const { scan, heard } = await audit(withKeys({ hostKeyAlgorithms }))
    const questions = ['ssh offers', 'ssh host key ssh-rsa', 'ssh host key ecdsa-sha2-nistp384']
    expect(scan.hostKeys).toMatchObject([
      { type: 'ssh-ed25519', key: { bits: 256, authority: null }, question: questions[0] },
      {
        ...{ type: 'ssh-rsa', algorithms: ['rsa-sha2-512', 'ssh-rsa'], key: { bits: 3072 } },
        question: questions[1],
      },
      { type: 'ecdsa-sha2-nistp384', key: { bits: 384 }, question: questions[2] },
    ])
    expect([...heard]).toEqual([
      [questions[0], [20, 30, 21]],
      ...questions.slice(1).map((question) => [question, [20, 30]]),
    ])
    expect(scan.smallestPrime).toEqual({ answer: 'not-offered' })
  })

  test.each<[keyof KeyExchangeInit, string]>([
    ['keyExchanges', 'the key exchange'],
    ['hostKeyAlgorithms', 'its host key'],
    ['ciphersToServer', 'ciphers to it'],
    ['ciphersToClient', 'ciphers from it'],
    ['macsToServer', 'MACs to it'],
    ['macsToClient', 'MACs from it'],
  ])('without anything known in %s costs the key, not the offer', async (list, title) => {
    const names = Array.from({ length: 17 }, (_, at) => `x${at}`)
    const becauseOf = async (offered: readonly string[]) => {
      const { scan } = await audit({ init: { [list]: offered } })
      expect(scan.offer).toHaveProperty('keyExchanges')
      return scan.extensions
    }
    const sixteen = names.slice(0, 16).join(', ')
    const told = (what: string) => unknown(`the server sent only ${what} for ${title}`)
    expect(await becauseOf([])).toEqual(told('nothing'))
    expect(await becauseOf(names.slice(0, 16))).toEqual(told(sixteen))
    expect(await becauseOf(names)).toEqual(told(`${sixteen} and 1 more`))
  })

  test('needs no code where the cipher brings its own', async () => {
    const gcm = ['aes128-gcm@openssh.com']
    const init = { ciphersToServer: gcm, ciphersToClient: gcm, macsToServer: [], macsToClient: [] }
    const { scan } = await audit({ init })
    expect(scan.hostKeys[0]?.key).toMatchObject({ bits: 256 })
  })
})

describe('the first lines', () => {
  test.each<[string, object]>([
    ['', refused('closed before it spoke SSH')],
    ['hello\r\nthere\x07', refused('closed before it spoke SSH, and said: hello there?')],
    ['1\n2\n3\n4\n5\n6\n7', refused('closed before it spoke SSH, and said: 1 2 3 4 7')],
    ['x'.repeat(250), refused(`closed before it spoke SSH, and said: ${'x'.repeat(200)}`)],
    ['Exceeded MaxStartups\r\n', { answer: 'rate-limited' }],
    ['Not allowed at this time', { answer: 'rate-limited' }],
    ['hi\nToo Many clients\n', { answer: 'rate-limited' }],
    ['SSH-1.5-x\r\n', unknown('the server sent only version 1.5 of SSH')],
    ['SSH-2.0\r\n', unknown('the server sent a line that does not identify it')],
  ])('%j is all that a server says', async (greeting, answer) => {
    const { scan, heard } = await audit({ greeting })
    expect(scan).toMatchObject({
      offer: answer,
      extensions: answer,
      hostKeys: [],
      smallestPrime: answer,
    })
    expect([...heard.keys()]).toEqual(['ssh offers'])
  })

  test.each([
    'SSH-1.99-x\r\n',
    'SSH-2.0-x\n',
    'hello\r\n\r\nSSH-2.0-x y z\r\n',
    'ssh-2.0-x\nSSH-2.0-\n',
  ])('%j identify a server', async (greeting) => {
    const { scan } = await audit({ greeting })
    expect(scan.identification).toBe(greeting.trimEnd().split('\n').at(-1))
    expect(scan.hostKeys[0]?.key).toMatchObject({ bits: 256 })
  })

  test('are 255 bytes long at the most, and 1023 at the most come before the identification', async () => {
    const line = `SSH-2.0-${'x'.repeat(245)}\r\n`
    expect((await audit({ greeting: line })).scan.identification).toBe(line.trimEnd())
    const longer = (await audit({ greeting: `x${line}` })).scan
    const limit = 'the server sent a line of more than 255 bytes before it identified itself'
    expect(longer.offer).toEqual(unknown(limit))
    const behind = (count: number) => audit({ greeting: `${'\n'.repeat(count)}SSH-2.0-x\n` })
    expect((await behind(1023)).scan.identification).toBe('SSH-2.0-x')
    const { offer } = (await behind(1024)).scan
    expect(offer).toEqual(unknown('the server sent 1024 lines that do not identify it'))
  })
})

describe('messages', () => {
  const IGNORE = Buffer.of(2, 0, 0, 0, 0)
  const DEBUG = Buffer.from('04000000000000000000', 'hex')

  test('that say nothing are passed over, up to 63 of them', async () => {
    const some = await audit({ before: [IGNORE, DEBUG, ...Array<Buffer>(61).fill(IGNORE)] })
    expect(some.scan.hostKeys[0]?.key).toMatchObject({ bits: 256 })
    const { scan } = await audit({ before: Array<Buffer>(64).fill(DEBUG) })
    expect(scan.offer).toEqual(unknown('the server sent 64 messages that say nothing'))
  })

  test('of another kind in place of an offer or an answer break the protocol', async () => {
    const { scan } = await audit({ before: [Buffer.of(3, 0, 0, 0, 0)] })
    expect(scan.offer).toEqual(unknown('the server sent another message than SSH_MSG_KEXINIT'))
    const answered = (await audit({ answer: [Buffer.of(33)] })).scan
    const because = 'the server sent message 33 in place of the reply of a key exchange'
    expect(answered.hostKeys[0]?.key).toEqual(unknown(because))
  })

  test.each<[number, string, object]>([
    [2, 'bad', refused('SSH_DISCONNECT_PROTOCOL_ERROR: bad')],
    [99, `\x1b${'x'.repeat(300)}`, refused(`SSH_DISCONNECT_99: ?${'x'.repeat(199)}`)],
    [12, 'x', { answer: 'rate-limited' }],
    [11, 'too many clients', { answer: 'rate-limited' }],
  ])('the end with the reason %i is told', async (reason, description, answer) => {
    const end = encodeDisconnect({ reason, description })
    expect((await audit({ before: [end] })).scan.offer).toEqual(answer)
    expect((await audit({ answer: [end] })).scan.hostKeys[0]?.key).toEqual(answer)
    expect((await audit({ newKeys: end })).scan.extensions).toEqual(answer)
    expect((await audit({ last: end })).scan.extensions).toEqual(answer)
  })

  const guessed = (hostKey: Buffer) => [
    encodeKeyExchangeReply(
      { hostKey, share: Buffer.alloc(32, 9), signature: Buffer.alloc(0) },
      'bytes',
    ),
  ]

  test('of a guess count where both sides prefer the same', async () => {
    const shown = async (options: ServerOptions) => (await audit(options)).scan.hostKeys[0]?.key
    const other = hostKeyOf('ssh-ed25519', Buffer.alloc(32, 8))
    const guess = guessed(other)
    const key = await shown({ init: { guessFollows: true }, guess, answer: [] })
    expect(key).toEqual(await shown({ hostKey: other }))
    expect(key).not.toEqual(await shown({}))
  })

  // RFC 4253, section 7.1: what is agreed upon in the end does not matter.
  test.each<Partial<KeyExchangeInit>>([
    { keyExchanges: ['other', 'curve25519-sha256'] },
    { keyExchanges: ['curve25519-sha256@libssh.org'] },
    { hostKeyAlgorithms: ['other', 'ssh-ed25519'] },
    { hostKeyAlgorithms: ['rsa-sha2-512'] },
  ])('of a wrong guess are ignored: a server with %j', async (init) => {
    const isRsa = init.hostKeyAlgorithms?.[0] === 'rsa-sha2-512'
    const [hostKey, other] = isRsa ? [RSA, ED25519] : [ED25519, RSA]
    const { scan } = await audit({
      init: { ...init, guessFollows: true },
      ...{ hostKey, guess: guessed(other) },
    })
    const shown = scan.hostKeys.find(({ question }) => question === 'ssh offers')
    expect(shown?.key).toMatchObject({ bits: isRsa ? 3072 : 256 })
  })
})

describe('a host key', () => {
  test.each([
    ['rsa-sha2-512', ED25519, 'ssh-ed25519'],
    ['ssh-ed25519', RSA, 'ssh-rsa'],
    ['ecdsa-sha2-nistp256', ECDSA, 'ecdsa-sha2-nistp384'],
    ['ssh-ed25519-cert-v01@openssh.com', ED25519, 'ssh-ed25519'],
  ])(
    'of another type than %s, which was agreed upon, is none',
    async (algorithm, hostKey, type) => {
      const { scan } = await audit({ init: { hostKeyAlgorithms: [algorithm] }, hostKey })
      const answer = unknown(`the server sent a host key of the type ${type} for ${algorithm}`)
      expect(scan.hostKeys.map(({ key }) => key)).toEqual([answer])
      expect(scan.extensions).toEqual(answer)
    },
  )

  test('of any type is shown for an algorithm that is not known', async () => {
    const hostKeyAlgorithms = ['ssh-rsa-sha256@ssh.com']
    const { scan } = await audit({ init: { hostKeyAlgorithms }, hostKey: RSA })
    expect(scan.hostKeys[0]?.key).toMatchObject({ bits: 3072 })
  })
})

describe('what is told behind the keys', () => {
  const told = async (last: Buffer) => (await audit({ last })).scan.extensions

  test('are extensions, with the algorithms for users', async () => {
    const value = Buffer.from('ssh-ed25519,rsa-sha2-256')
    const long = `\x1b b${'c'.repeat(100)}`
    const names = ['server-sig-algs', long]
    const last = encodeExtensionInfo(names.map((name) => ({ name, value })))
    expect(await told(last)).toEqual({
      names: ['server-sig-algs', `??b${'c'.repeat(61)}`],
      userSignatures: ['ssh-ed25519', 'rsa-sha2-256'],
    })
    const without = encodeExtensionInfo([{ name: 'ping@openssh.com', value }])
    expect(await told(without)).toEqual({ names: ['ping@openssh.com'], userSignatures: null })
    expect(await told(encodeExtensionInfo([]))).toEqual({ names: [], userSignatures: null })
  })

  test.each([
    ['an answer to the request of a service', 6],
    ['a message without a meaning', 2],
  ])('is nothing where %s comes first', async (_title, message) => {
    expect(await told(Buffer.of(message, 0, 0, 0, 0))).toEqual({ answer: 'not-offered' })
  })

  test('stays unknown where the server goes on in clear, or closes', async () => {
    const because = 'the server sent message 6 in place of SSH_MSG_NEWKEYS'
    expect((await audit({ newKeys: Buffer.of(6) })).scan.extensions).toEqual(unknown(because))
    expect((await audit({})).scan.extensions).toEqual(refused(null))
  })

  test('is not asked for where the secret cannot be computed here, but the key is shown', async () => {
    const share = Buffer.alloc(1039 + 32, 9)
    const reply = encodeKeyExchangeReply(
      { hostKey: ED25519, share, signature: Buffer.of() },
      'bytes',
    )
    for (const name of ['sntrup761x25519-sha512', 'sntrup761x25519-sha512@openssh.com']) {
      const { scan, heard } = await audit({ init: { keyExchanges: [name] }, answer: [reply] })
      expect(scan.hostKeys[0]?.key).toMatchObject({ bits: 256 })
      const because = `the server sent keys by ${name}, which cannot be computed here`
      expect(scan.extensions).toEqual(unknown(because))
      expect(heard.get('ssh offers')).toEqual([20, 30])
    }
  })

  test('is not asked for under a cipher or a code that cannot be computed here', async () => {
    const because = (names: string) =>
      unknown(`the server sent packets under ${names}, which cannot be read here`)
    const ciphers = { ciphersToServer: ['arcfour'] }
    const macs = { macsToClient: ['umac-64@openssh.com'] }
    for (const [init, names] of [
      [ciphers, 'aes128-ctr hmac-sha2-256'],
      [macs, 'aes128-ctr umac-64@openssh.com'],
    ] as const) {
      const { scan, heard } = await audit({ init })
      expect(scan.extensions).toEqual(because(names))
      expect(scan.hostKeys[0]?.key).toMatchObject({ bits: 256 })
      expect(heard.get('ssh offers')).toEqual([20, 30])
    }
  })
})

describe('the smallest prime', () => {
  const GEX = 'diffie-hellman-group-exchange-sha256'
  const prime = Buffer.from(getDiffieHellman('modp2').getPrime())
  const both = { keyExchanges: ['curve25519-sha256', GEX] }

  test('has a connection of its own where the first one took another key exchange', async () => {
    const { scan, heard } = await audit({ init: both, prime })
    expect(scan.smallestPrime).toBe(1024)
    expect([...heard]).toEqual([
      ['ssh offers', [20, 30, 21]],
      ['ssh host key ssh-ed25519, smallest prime', [20, 34, 32]],
    ])
    expect(scan.hostKeys[0]?.question).toBe('ssh offers')
  })

  test('is asked for with the first key that was not shown', async () => {
    const hostKeyAlgorithms = ['ssh-ed25519', 'rsa-sha2-512', 'ecdsa-sha2-nistp384']
    const keysOf = withKeys({ ...both, hostKeyAlgorithms })
    const { scan, heard } = await audit((claim) => ({ ...keysOf(claim), prime }))
    expect(scan.smallestPrime).toBe(1024)
    expect([...heard.keys()]).toEqual([
      ...['ssh offers', 'ssh host key ssh-rsa, smallest prime', 'ssh host key ecdsa-sha2-nistp384'],
    ])
    expect(heard.get('ssh host key ecdsa-sha2-nistp384')).toEqual([20, 30])
    expect(scan.hostKeys.map(({ key }) => 'bits' in key && key.bits)).toEqual([256, 3072, 384])
  })

  test('costs nothing where the first connection showed it', async () => {
    const { scan, heard } = await audit({ init: { keyExchanges: [GEX] }, prime })
    expect(scan.smallestPrime).toBe(1024)
    expect([...heard.keys()]).toEqual(['ssh offers'])
  })

  test('of 8192 bits is one that was asked for, a larger one is not', async () => {
    const found = async (bits: number) =>
      (await audit({ init: { keyExchanges: [GEX] }, prime: numberOf(bits) })).scan
    expect((await found(8192)).smallestPrime).toBe(8192)
    const { smallestPrime, hostKeys } = await found(8193)
    const because = 'the server sent a prime above the size that was asked for'
    expect(smallestPrime).toEqual(unknown(because))
    expect(hostKeys[0]?.key).toEqual(unknown(because))
  })
})
