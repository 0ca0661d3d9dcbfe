/** Offsets for which a number of JavaScript, or one of 64 bits with a sign, is too small. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scratchFolder } from '../../cli/command.ts'
import { runPeer } from '../../interop/tls-peer.ts'
import { testWith } from '../../peers/peer.ts'
import { serveNbd } from '../our-server.ts'
import { type Call, RawTransmission, STYLES } from './raw-transmission.ts'
import { startServer } from './test-server.ts'

const FAR = [
  2n ** 53n - 1n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1024n,
  2n ** 64n - 1n,
]

/** Commands and errors by the numbers of the protocol. */
const [EINVAL, ENOSPC] = [22, 28]
const OUTCOMES: readonly (readonly [string, Call, number])[] = [
  ['READ', { command: 0, length: 512 }, EINVAL],
  ['WRITE', { command: 1, payload: Buffer.alloc(512) }, ENOSPC],
  ['FLUSH', { command: 3 }, 0],
  ['TRIM', { command: 4, length: 512 }, EINVAL],
  ['CACHE', { command: 5, length: 512 }, EINVAL],
  ['WRITE_ZEROES', { command: 6, length: 512 }, ENOSPC],
  ['BLOCK_STATUS', { command: 7, length: 512 }, EINVAL],
  ['an unknown command', { command: 99, length: 512 }, EINVAL],
]

describe.each(STYLES)('%s replies', (style) => {
  test.each(OUTCOMES)(
    '%s near 2^53, 2^63 and 2^64 gets its reply, and its offset back',
    async (_, call, error) => {
      const { path } = await startServer()
      const client = await RawTransmission.open(path, style)
      for (const offset of FAR) {
        expect(await client.error({ ...call, offset }), `${offset}`).toBe(error)
      }
      for (const cookies of [1, 2, 3]) client.skipCookies(cookies)
      for (const offset of FAR) client.send({ ...call, offset })
      const replies = await client.readReplies(FAR.length)
      expect([...replies.values()].map((reply) => reply.error)).toEqual(FAR.map(() => error))
    },
  )
})

test('a flush at 2^64 - 1 does not end the server, and not the connection', async () => {
  const image = join(scratchFolder(), 'image')
  writeFileSync(image, Buffer.alloc(65_536))
  const server = await serveNbd([image, '--read-only', '-e', '0', '-t'])
  for (const style of STYLES) {
    const client = await RawTransmission.open(server.socket, style)
    expect(await client.error({ command: 3, offset: 2n ** 64n - 1n })).toBe(0)
    expect(await client.error({ command: 0, length: 512 })).toBe(0)
  }
  expect(server.child.exitCode).toBe(null)
})

testWith('nbdsh', 'libnbd reads EINVAL and ENOSPC where it asks beyond the end', async () => {
  const { path } = await startServer()
  const script = `
h.set_strict_mode(0)
h.connect_uri('nbd+unix:///?socket=${path}')
for offset in (2**53 + 1, 2**63 - 1, 2**64 - 1024):
    for name, call in (
        ('read', lambda: h.pread(512, offset)),
        ('write', lambda: h.pwrite(bytes(512), offset)),
        ('zero', lambda: h.zero(512, offset)),
        ('trim', lambda: h.trim(512, offset))):
        try:
            call()
            print(name, 'done')
        except nbd.Error as error:
            print(name, error.errno)
`
  const { output } = await runPeer('nbdsh', ['-c', script], { PATH: '/usr/bin:/bin' })
  const expected = ['read EINVAL', 'write ENOSPC', 'zero ENOSPC', 'trim EINVAL']
  expect(output.trim().split('\n')).toEqual([...expected, ...expected, ...expected])
})
