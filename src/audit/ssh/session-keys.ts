/** The exchange hash and the keys of a session: RFC 4253, sections 7.2 and 8; RFC 4419, section 3. */
import { createHash } from 'node:crypto'
import { ByteWriter } from '../../wire/byte-writer.ts'
import type { KeyExchangeMethod } from './key-agreement.ts'
import { writePositiveNumber, writeSshString, writeText } from './messages/data-types.ts'
import {
  type ExchangeGroup,
  type GroupRequest,
  type ShareForm,
  writeShare,
} from './messages/key-exchange.ts'

/** All that both sides hash. */
export type ExchangeTranscript = {
  readonly clientIdentification: string
  readonly serverIdentification: string
  /** Payloads of SSH_MSG_KEXINIT. */
  readonly clientInit: Buffer
  readonly serverInit: Buffer
  readonly hostKey: Buffer
  /** Of a group exchange: what the client asked for, and what it got. */
  readonly picked?: { readonly request: GroupRequest; readonly group: ExchangeGroup } | undefined
  readonly shareForm: ShareForm
  readonly clientShare: Buffer
  readonly serverShare: Buffer
  /** K as it is hashed. */
  readonly secret: Buffer
}

/** H; the one of the first key exchange is also the identifier of the session. */
export function exchangeHash(
  hash: KeyExchangeMethod['hash'],
  transcript: ExchangeTranscript,
): Buffer {
  const writer = new ByteWriter()
  writeText(writer, transcript.clientIdentification)
  writeText(writer, transcript.serverIdentification)
  writeSshString(writer, transcript.clientInit)
  writeSshString(writer, transcript.serverInit)
  writeSshString(writer, transcript.hostKey)
  if (transcript.picked) {
    const { request, group } = transcript.picked
    writer.uint32(request.least).uint32(request.preferred).uint32(request.most)
    writePositiveNumber(writePositiveNumber(writer, group.prime), group.generator)
  }
  writeShare(writer, transcript.clientShare, transcript.shareForm)
  writeShare(writer, transcript.serverShare, transcript.shareForm)
  return createHash(hash).update(writer.bytes(transcript.secret).finish()).digest()
}

/** The letters that tell the keys of a session apart. */
type KeyUse = 'A' | 'B' | 'C' | 'D' | 'E' | 'F'

/** The letters of each direction. */
export const TO_SERVER = { iv: 'A', key: 'C', macKey: 'E' } as const
export const TO_CLIENT = { iv: 'B', key: 'D', macKey: 'F' } as const

/** Gives keys of any size. */
export type KeySource = (use: KeyUse, size: number) => Buffer

export function sessionKeys(
  hash: KeyExchangeMethod['hash'],
  secret: Buffer,
  exchanged: Buffer,
): KeySource {
  return (use, size) => {
    const start = createHash(hash).update(secret).update(exchanged)
    let key = start.update(use).update(exchanged).digest()
    while (key.length < size) {
      const more = createHash(hash).update(secret).update(exchanged).update(key).digest()
      key = Buffer.concat([key, more])
    }
    return key.subarray(0, size)
  }
}
