/** What the audit finds of an SSH server is what `sshd -T` says of it: nothing missing, nothing more. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect } from 'vitest'
import { ANY_CHOICE, type ClientChoice, clientInit } from '../../../src/audit/ssh/client-offer.ts'
import {
  exchangeKeys,
  exchangeOffers,
  type Offers,
  readSshExtensions,
} from '../../../src/audit/ssh/key-exchange-run.ts'
import { keyTypeOf } from '../../../src/audit/ssh/messages/host-key.ts'
import {
  decodeKeyExchangeInit,
  encodeKeyExchangeInit,
} from '../../../src/audit/ssh/messages/key-exchange-init.ts'
import { SshConversation } from '../../../src/audit/ssh/ssh-conversation.ts'
import { isKnown } from '../../../src/audit/ssh-model.ts'
import { Random } from '../../fuzz/random.ts'
import { execFileSync } from '../../peers/child-process.ts'
import { hasPeer, testWith } from '../../peers/peer.ts'
import { SEED } from '../../seed.ts'
import { connectionsTo, hostKey, scanPort, scratchFolder, startSshd } from './ssh-server.ts'

const SERVERS = Number(process.env.SSH_SERVERS ?? 8)

const isThere = hasPeer('sshd')

/** The names that this OpenSSH has. */
function names(query: string): readonly string[] {
  return isThere ? execFileSync('ssh', ['-Q', query]).trim().split('\n') : []
}

function listOf(configuration: ReadonlyMap<string, string>, keyword: string): readonly string[] {
  return configuration.get(keyword)?.split(',') ?? []
}

const HOST_KEYS = [
  ['rsa', 2048],
  ['rsa', 3072],
  ['rsa', 4096],
  ['ecdsa', 256],
  ['ecdsa', 384],
  ['ecdsa', 521],
  ['ed25519', undefined],
] as const

function drawNames(random: Random, all: readonly string[]): readonly string[] {
  const pool = [...all]
  const count = 1 + random.below(pool.length)
  return Array.from({ length: count }, () => pool.splice(random.below(pool.length), 1)).flat()
}

testWith(
  'sshd',
  `servers with random settings (seed ${SEED})`,
  async () => {
    const random = new Random(SEED)
    const folder = scratchFolder()
    for (let server = 0; server < SERVERS; server++) {
      // ssh-rsa is among these only where its hash may be signed with at all.
      const algorithms = drawNames(random, names('HostKeyAlgorithms'))
      const [type, bits] = random.pick(HOST_KEYS)
      const lines = [
        `Ciphers ${drawNames(random, names('cipher')).join(',')}`,
        `MACs ${drawNames(random, names('mac')).join(',')}`,
        `KexAlgorithms ${drawNames(random, names('kex')).join(',')}`,
        `HostKeyAlgorithms ${[...algorithms, 'ssh-ed25519', 'rsa-sha2-256'].join(',')}`,
        `Compression ${random.pick(['yes', 'no'])}`,
        `HostKey ${hostKey(folder, 'ed25519')}`,
        `HostKey ${hostKey(folder, 'rsa', random.pick([2048, 3072]))}`,
        ...(type === 'ecdsa' ? [`HostKey ${hostKey(folder, type, bits)}`] : []),
      ]
      const { port, configuration } = await startSshd(lines)
      const { offer, hostKeys } = await scanPort(port)
      if (!isKnown(offer)) throw new Error(`${lines.join('\n')}\n${JSON.stringify(offer)}`)
      const both = (list: readonly string[]) => ({ toServer: list, toClient: list })
      expect(offer.keyExchanges).toEqual(listOf(configuration, 'kexalgorithms'))
      expect(offer.ciphers).toEqual(both(listOf(configuration, 'ciphers')))
      expect(offer.macs).toEqual(both(listOf(configuration, 'macs')))
      const compression = configuration.get('compression') === 'no' ? [] : ['zlib@openssh.com']
      expect(offer.compression).toEqual(both(['none', ...compression]))
      const held = new Set(['ssh-ed25519', 'ssh-rsa'])
      if (type === 'ecdsa') held.add(`ecdsa-sha2-nistp${bits}`)
      const configured = listOf(configuration, 'hostkeyalgorithms')
      const expected = configured.filter((algorithm) => held.has(keyTypeOf(algorithm)))
      expect([...offer.hostKeyAlgorithms].sort()).toEqual([...new Set(expected)].sort())
      expect(hostKeys.filter(({ key }) => !isKnown(key))).toEqual([])
    }
  },
  120_000 + SERVERS * 5_000,
)

/** A standard set, in which one thing at a time is another. */
const PAIRS = ['aes256-ctr', '3des-cbc'].flatMap((cipher) =>
  names('mac').map((mac) => ({ ciphers: [cipher], macs: [mac] })),
)

/** A server that has all that this OpenSSH has, and choices that go through all of it. */
async function startWithAll() {
  const { port } = await startSshd([
    `KexAlgorithms ${names('kex').join(',')}`,
    `Ciphers ${names('cipher').join(',')}`,
    `MACs ${names('mac').join(',')}`,
    `HostKey ${hostKey(scratchFolder(), 'ed25519')}`,
  ])
  const choices = [
    ...names('kex').map((kex) => ({ keyExchanges: [kex] })),
    ...names('cipher').map((cipher) => ({ ciphers: [cipher] })),
    ...PAIRS,
  ]
  expect(choices.length).toBeGreaterThan(50)
  return { connections: connectionsTo(port), choices }
}

const NOT_COMPUTABLE = /umac|sntrup/

testWith(
  'sshd',
  'extensions are read behind every key exchange, cipher and MAC but UMAC and sntrup761',
  async () => {
    const { connections, choices } = await startWithAll()
    for (const choice of choices) {
      const asked = await connections.ask(JSON.stringify(choice), async (exchange) => {
        const conversation = new SshConversation(exchange)
        const offers = await exchangeOffers(conversation, { ...ANY_CHOICE, ...choice })
        const facts = await exchangeKeys(conversation, offers)
        return readSshExtensions(conversation, facts).catch((error: Error) => error.message)
      })
      const title = JSON.stringify(choice)
      const found = asked.isAnswered ? asked.value : asked.failure
      if (NOT_COMPUTABLE.test(title)) expect(found, title).toMatch(/cannot be (read|computed) here/)
      else expect(found, title).toContainEqual(expect.objectContaining({ name: 'server-sig-algs' }))
    }
  },
)

testWith(
  'sshd',
  'a server without extensions for the client takes what was sealed under every cipher and MAC',
  async () => {
    const { connections, choices } = await startWithAll()
    for (const choice of choices.filter((one) => !NOT_COMPUTABLE.test(JSON.stringify(one)))) {
      const asked = await connections.ask(JSON.stringify(choice), async (exchange) => {
        const conversation = new SshConversation(exchange)
        const offers = await offerWithoutExtensions(conversation, { ...ANY_CHOICE, ...choice })
        return readSshExtensions(conversation, await exchangeKeys(conversation, offers))
      })
      // It answers the sealed request of a service; one that it cannot open or authenticate ends the connection.
      expect(asked, JSON.stringify(choice)).toEqual({ isAnswered: true, value: undefined })
    }
  },
)

/** As a client that does not say that it reads extensions. */
async function offerWithoutExtensions(
  conversation: SshConversation,
  choice: ClientChoice,
): Promise<Offers> {
  const identification = await conversation.identify()
  const all = clientInit(choice, conversation.random(16))
  const client = { ...all, keyExchanges: choice.keyExchanges }
  const clientPayload = encodeKeyExchangeInit(client)
  await conversation.writePayload(clientPayload)
  const serverPayload = await conversation.readPayload()
  const server = decodeKeyExchangeInit(serverPayload)
  return { identification, client, server, clientPayload, serverPayload }
}

testWith('sshd', 'host keys are shown with the sizes and fingerprints of ssh-keygen', async () => {
  const folder = scratchFolder()
  const keys = [...HOST_KEYS.filter(([, bits]) => bits !== 2048 && bits !== 4096)]
  const paths = keys.map(([type, bits]) => hostKey(folder, type, bits))
  const authority = hostKey(folder, 'rsa', 4096)
  execFileSync('ssh-keygen', [
    '-q',
    '-s',
    authority,
    '-h',
    '-I',
    'host',
    '-n',
    'a',
    `${paths[0]}.pub`,
  ])
  const { port } = await startSshd([
    ...paths.map((path) => `HostKey ${path}`),
    `HostCertificate ${paths[0]}-cert.pub`,
  ])
  const { hostKeys, smallestPrime, connections } = await scanPort(port)
  const shown = hostKeys.flatMap(({ type, key }) => (isKnown(key) ? { type, ...key } : []))
  const plain = shown.filter(({ type }) => !type.includes('-cert-'))
  const listed = paths.map((path) =>
    execFileSync('ssh-keygen', ['-l', '-f', `${path}.pub`]).split(' '),
  )
  expect(plain.map(({ bits, fingerprint }) => `${bits} ${fingerprint}`).sort()).toEqual(
    listed.map(([bits, fingerprint]) => `${bits} ${fingerprint}`).sort(),
  )
  expect(shown).toContainEqual(
    expect.objectContaining({
      type: 'ssh-rsa-cert-v01@openssh.com',
      bits: 3072,
      authority: { type: 'ssh-rsa', bits: 4096 },
    }),
  )
  expect(smallestPrime).toBe(2048)
  expect(connections).toBe(hostKeys.length)
})

testWith('sshd', 'a server with too many clients is told apart from one that refuses', async () => {
  const key = hostKey(scratchFolder(), 'ed25519')
  const { port } = await startSshd([`HostKey ${key}`, 'MaxStartups 1:100:1', 'LoginGraceTime 60'])
  const held = await holdConnection(port)
  const { offer } = await scanPort(port)
  held.destroy()
  expect(offer).toEqual({ answer: 'rate-limited' })
})

/** A client that has a place at the server and says nothing; one that came too early is turned away. */
async function holdConnection(port: number): Promise<Socket> {
  for (;;) {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    const [greeting] = await once(socket, 'data')
    if (String(greeting).startsWith('SSH-')) return socket
    socket.destroy()
  }
}
