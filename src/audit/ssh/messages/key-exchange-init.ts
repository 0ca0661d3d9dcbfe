/** SSH_MSG_KEXINIT, all that a side offers: RFC 4253, section 7.1. */
import { ByteReader } from '../../../wire/byte-reader.ts'
import { ByteWriter } from '../../../wire/byte-writer.ts'
import { refuse } from '../../../wire/protocol-error.ts'
import { readNameList, writeNameList } from './data-types.ts'
import { SSH_MSG } from './message-numbers.ts'

/** Every list stands in the order of preference of its side. */
export type KeyExchangeInit = {
  /** 16 random bytes. */
  readonly cookie: Buffer
  readonly keyExchanges: readonly string[]
  readonly hostKeyAlgorithms: readonly string[]
  readonly ciphersToServer: readonly string[]
  readonly ciphersToClient: readonly string[]
  readonly macsToServer: readonly string[]
  readonly macsToClient: readonly string[]
  readonly compressionToServer: readonly string[]
  readonly compressionToClient: readonly string[]
  readonly languagesToServer: readonly string[]
  readonly languagesToClient: readonly string[]
  /** A packet of a guessed key exchange follows. */
  readonly guessFollows: boolean
}

const COOKIE_SIZE = 16

/** The lists in the order of the message. */
const LISTS = [
  'keyExchanges',
  'hostKeyAlgorithms',
  'ciphersToServer',
  'ciphersToClient',
  'macsToServer',
  'macsToClient',
  'compressionToServer',
  'compressionToClient',
  'languagesToServer',
  'languagesToClient',
] as const satisfies readonly (keyof KeyExchangeInit)[]

type Lists = { -readonly [List in (typeof LISTS)[number]]: readonly string[] }

export function encodeKeyExchangeInit(init: KeyExchangeInit): Buffer {
  const writer = new ByteWriter().uint8(SSH_MSG.KEXINIT).bytes(init.cookie)
  for (const list of LISTS) writeNameList(writer, init[list])
  return writer
    .uint8(init.guessFollows ? 1 : 0)
    .uint32(0)
    .finish()
}

export function decodeKeyExchangeInit(payload: Buffer): KeyExchangeInit {
  const reader = new ByteReader(payload, 'SSH_MSG_KEXINIT')
  if (reader.readUint8() !== SSH_MSG.KEXINIT) refuse('another message than SSH_MSG_KEXINIT')
  const cookie = Buffer.from(reader.readBytes(COOKIE_SIZE))
  const lists: Partial<Lists> = {}
  for (const list of LISTS) lists[list] = readNameList(reader)
  const guessFollows = reader.readUint8() !== 0
  // Reserved: 0 today, and to be ignored.
  reader.readUint32()
  reader.end()
  return { cookie, ...(lists as Lists), guessFollows }
}
