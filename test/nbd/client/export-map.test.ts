/** What a server tells about parts of an export becomes one map, whatever the parts are. */
import { expect, test } from 'vitest'
import { mapExport } from '../../../src/nbd/client/export-map.ts'
import { NbdClient } from '../../../src/nbd/client/nbd-client.ts'
import { encodeBlockStatus } from '../../../src/nbd/protocol/chunks.ts'
import { NBD_CMD, NBD_REPLY_TYPE } from '../../../src/nbd/protocol/constants.ts'
import { STRUCTURED_REPLY_SIZE, writeStructuredReply } from '../../../src/nbd/protocol/replies.ts'
import type { Request } from '../../../src/nbd/protocol/requests.ts'
import { SIZE, startHostileServer } from '../hostile-server.ts'

type Told = readonly (readonly [length: number, status: number])[]

function answer(request: Request, told: Told): Buffer {
  const extents = told.map(([length, status]) => ({ length, status }))
  const payload = encodeBlockStatus({ contextId: 7, extents })
  const bytes = Buffer.alloc(STRUCTURED_REPLY_SIZE)
  const type = NBD_REPLY_TYPE.BLOCK_STATUS
  writeStructuredReply(bytes, 0, { ...request, flags: 1, type, length: payload.length })
  return Buffer.concat([bytes, payload])
}

/** The map of an export whose server gives these answers, one after the other. */
async function mapOf(...answers: readonly Told[]): Promise<readonly unknown[]> {
  const left = [...answers]
  const { address } = await startHostileServer({
    onRequest: (request) =>
      request.command === NBD_CMD.BLOCK_STATUS ? answer(request, left.shift() ?? []) : undefined,
  })
  const client = await NbdClient.connect(address, '', { timeout: 240_000 })
  const map = await mapExport(client)
  expect(left).toEqual([])
  return map.map(({ offset, length, status }) => [offset, length, status])
}

test('parts of one status are one, within an answer and between answers', async () => {
  const map = await mapOf(
    [
      [4096, 0],
      [4096, 0],
      [4096, 3],
    ],
    [
      [8192, 3],
      [4096, 0],
    ],
    [[SIZE - 24_576, 0]],
  )
  expect(map).toEqual([
    [0, 8192, 0],
    [8192, 12_288, 3],
    [20_480, SIZE - 20_480, 0],
  ])
})

test('parts of different status stay apart', async () => {
  const map = await mapOf([
    [4096, 1],
    [4096, 2],
    [SIZE - 8192, 3],
  ])
  expect(map).toEqual([
    [0, 4096, 1],
    [4096, 4096, 2],
    [8192, SIZE - 8192, 3],
  ])
})

/** A client of a server that tells of so many bytes in each answer, of these statuses in turn. */
async function clientOf(length: number, statuses: readonly number[]): Promise<NbdClient> {
  let answers = 0
  const { address } = await startHostileServer({
    onRequest: (request) =>
      request.command === NBD_CMD.BLOCK_STATUS
        ? answer(request, [[length, statuses[answers++ % statuses.length] ?? 0]])
        : undefined,
  })
  return NbdClient.connect(address, '', { timeout: 240_000 })
}

test.each([
  ['one byte of the same status', 1, [3]],
  ['a change at every byte', 1, [0, 3]],
  ['the same in pieces of 4 KiB', 4096, [0]],
])('a server that tells of %s in each answer is given up', async (_, length, statuses) => {
  const client = await clientOf(length, statuses)
  const map = mapExport(client, { runs: 100, smallAnswers: 100 })
  await expect(map).rejects.toMatchObject({ diagnostics: [{ code: 'NBD_MAP_TOO_FINE' }] })
  await client.disconnect()
})

test('a server that tells of little only now and then is heard to the end', async () => {
  const client = await clientOf(SIZE / 64, [0])
  const map = await mapExport(client, { runs: 100, smallAnswers: 64 })
  expect(map).toEqual([{ offset: 0, length: SIZE, status: 0 }])
  // The first of the 64 answers begins a run, the others bring little.
  expect(await mapExport(client, { runs: 100, smallAnswers: 63 })).toEqual(map)
  const beyond = mapExport(client, { runs: 100, smallAnswers: 62 })
  await expect(beyond).rejects.toMatchObject({ diagnostics: [{ code: 'NBD_MAP_TOO_FINE' }] })
  await client.disconnect()
})
