/** What both sides of SSH hash, by the bytes that RFC 4253, section 8 and RFC 4419, section 3 write. OpenSSH judges the rest: test/interop/audit/ssh.test.ts. */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { type ExchangeTranscript, exchangeHash } from '../../../src/audit/ssh/session-keys.ts'

const TRANSCRIPT: ExchangeTranscript = {
  clientIdentification: 'SSH-2.0-client',
  serverIdentification: 'SSH-2.0-server',
  clientInit: Buffer.from('14aa', 'hex'),
  serverInit: Buffer.from('14bb', 'hex'),
  hostKey: Buffer.from('cc', 'hex'),
  shareForm: 'bytes',
  clientShare: Buffer.from('dd', 'hex'),
  serverShare: Buffer.from('ee', 'hex'),
  secret: Buffer.from('0000000107', 'hex'),
}

const SHARED = [
  ...['0000000e', Buffer.from('SSH-2.0-client').toString('hex')],
  ...['0000000e', Buffer.from('SSH-2.0-server').toString('hex')],
  ...['00000002 14aa', '00000002 14bb', '00000001 cc'],
]

function sha256(...parts: readonly string[]): Buffer {
  return createHash('sha256')
    .update(Buffer.from(parts.join('').replaceAll(' ', ''), 'hex'))
    .digest()
}

test('shares of curves are hashed as texts', () => {
  const expected = sha256(...SHARED, '00000001 dd', '00000001 ee', '00000001 07')
  expect(exchangeHash('sha256', TRANSCRIPT)).toEqual(expected)
})

test('those of a group are numbers, behind what was asked for and the group', () => {
  const request = { least: 2048, preferred: 3072, most: 8192 }
  const group = { prime: Buffer.from('00ff', 'hex'), generator: Buffer.from('02', 'hex') }
  const expected = sha256(
    ...SHARED,
    ...['00000800', '00000c00', '00002000', '00000002 00ff', '00000001 02'],
    ...['00000002 00dd', '00000002 00ee', '00000001 07'],
  )
  const transcript = { ...TRANSCRIPT, shareForm: 'number', picked: { request, group } } as const
  expect(exchangeHash('sha256', transcript)).toEqual(expected)
})
