/** Packets whose length is no whole number of blocks: RFC 4253, section 6; OpenSSH's PROTOCOL. */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { expect, test } from 'vitest'
import { openPacket, sealPacket } from '../../../src/audit/ssh/packet-ciphers.ts'
import { replayBytes } from '../flow.ts'

/** Every key and every vector is zeros. */
const zeros = (_use: string, size: number) => Buffer.alloc(size)

const MAC = 'hmac-sha2-256'
const ETM = `${MAC}-etm@openssh.com`

/** A packet of so many bytes behind its length: four bytes of padding, then zeros. */
function packetOf(length: number): Buffer {
  const packet = Buffer.alloc(4 + length)
  packet.writeUInt32BE(length)
  packet.writeUInt8(4, 4)
  return packet
}

function encrypt(name: string, bytes: Buffer, counter = 0): Buffer {
  const iv = Buffer.alloc(16)
  iv.writeUInt8(counter)
  return createCipheriv(name, Buffer.alloc(name === 'chacha20' ? 32 : 16), iv)
    .setAutoPadding(false)
    .update(bytes)
}

const sealGcm = (packet: Buffer) => {
  const sealing = createCipheriv('aes-128-gcm', Buffer.alloc(16), Buffer.alloc(12))
  const sealed = sealing.setAAD(packet.subarray(0, 4)).update(packet.subarray(4))
  sealing.final()
  return Buffer.concat([packet.subarray(0, 4), sealed, sealing.getAuthTag()])
}

const apart = (packet: Buffer, head: Buffer, seal: (bytes: Buffer) => Buffer) =>
  Buffer.concat([head, seal(packet.subarray(4))])

test.each<[string, string, (packet: Buffer) => Buffer, readonly number[], readonly number[]]>([
  ['aes128-ctr', MAC, (packet) => encrypt('aes-128-ctr', packet), [12, 28], [8, 13, 16, 20, 27]],
  [
    'aes128-ctr',
    ETM,
    (packet) => apart(packet, packet.subarray(0, 4), (bytes) => encrypt('aes-128-ctr', bytes)),
    ...([
      [16, 32],
      [12, 15, 17, 24],
    ] as const),
  ],
  ['aes128-gcm@openssh.com', '', sealGcm, [16, 32], [12, 15, 17, 24]],
  [
    'chacha20-poly1305@openssh.com',
    '',
    (packet) =>
      apart(packet, encrypt('chacha20', packet.subarray(0, 4)), (bytes) =>
        encrypt('chacha20', bytes, 1),
      ),
    ...([
      [8, 16, 24],
      [12, 15, 17],
    ] as const),
  ],
])('under %s %s', async (cipher, mac, seal, whole, others) => {
  const open = (length: number) => {
    // What comes behind it is there to be read too.
    const { read } = replayBytes(Buffer.concat([seal(packetOf(length)), Buffer.alloc(32)]))
    return openPacket(read, { cipher, mac }, zeros, 0)
  }
  for (const length of whole) expect(await open(length)).toEqual(packetOf(length).subarray(4))
  for (const length of others)
    await expect(open(length)).rejects.toThrow(`a packet of ${length} bytes`)
})

/** RFC 5647, section 7.3; RFC 4253, section 6: the length stands in clear, and is part of what is authenticated. */
test('a packet under AES-GCM is opened with the key, and not where its length was changed', () => {
  const payload = Buffer.from('service request')
  const sealed = sealPacket(payload, { cipher: 'aes128-gcm@openssh.com', mac: '' }, zeros, 3)
  const open = (length: Buffer) => {
    const opening = createDecipheriv('aes-128-gcm', Buffer.alloc(16), Buffer.alloc(12))
    opening.setAAD(length).setAuthTag(sealed.subarray(-16))
    return Buffer.concat([opening.update(sealed.subarray(4, -16)), opening.final()])
  }
  const packet = open(sealed.subarray(0, 4))
  expect(sealed.readUInt32BE()).toBe(packet.length)
  expect(packet.length % 16).toBe(0)
  expect(packet.subarray(1, -packet.readUInt8())).toEqual(payload)
  expect(() => open(Buffer.alloc(4))).toThrow('unable to authenticate')
})
