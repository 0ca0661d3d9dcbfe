/**
 * The client of long-streams.ts, a process of its own: `node record-peer.ts WAY PORT FOLDER RECORDS WINDOW`. Its last
 * line is JSON.
 */
import { createHash } from 'node:crypto'
import { readRecorded } from '../migration/recorded-streams.ts'
import { GnutlsSession } from './gnutls-session.ts'

/** Records between two changes of the keys. */
const KEY_LIFE = 65_536

const [way = '', port = '', folder = '', count = '', window = ''] = process.argv.slice(2)
const records = Number(count)
const session = new GnutlsSession(Number(port), folder)

/** A guest whose first section of pages is as long as it has to be: zero pages, four in a record. */
function sendGuest(): object {
  const stream = readRecorded('exec-11-pc-q35-11.1-S.bin.gz')
  const hash = createHash('sha256')
  let bytes = 0
  const send = (part: Buffer): void => {
    session.send(part)
    hash.update(part)
    bytes += part.length
  }
  session.secure()
  const place = stream.indexOf(Buffer.from('0200000001', 'hex'), 100)
  send(stream.subarray(0, place))
  send(
    Buffer.from(
      `0200000001${'0000000000000002'}06${Buffer.from('pc.ram').toString('hex')}00`,
      'hex',
    ),
  )
  for (let at = 1; at <= records; at++) {
    send(zeroPages(at))
    if (at % KEY_LIFE === 0) session.changeKeys()
    if (at % KEY_LIFE === 0) session.receive(1)
  }
  send(Buffer.from('0000000000000010' + '7e00000001', 'hex'))
  for (let at = place; at < stream.length; at += 16_384) send(stream.subarray(at, at + 16_384))
  session.end()
  return { bytes, sha256: hash.digest('hex') }
}

const PAGES = 4
const BLOCK_PAGES = 2048

function zeroPages(number: number): Buffer {
  const bytes = Buffer.alloc(9 * PAGES)
  for (let at = 0; at < PAGES; at++) {
    const page = (number * PAGES + at) % BLOCK_PAGES
    bytes.writeUInt32BE(page * 4096 + 0x22, 9 * at + 4)
  }
  return bytes
}

/** Records that are sent before the answers are read: of fewer, each is answered by a record of its own. */
const WINDOW = Number(window)

/** Everything comes back. */
function exchangeByRelay(): object {
  session.secure()
  const part = Buffer.alloc(32)
  for (let at = 0; at < records; at += WINDOW) {
    const sent: Buffer[] = []
    for (let next = 0; next < WINDOW; next++) {
      part.writeUInt32BE(at + next, next % 28)
      sent.push(Buffer.from(part))
      session.send(part)
    }
    if (at % KEY_LIFE === 0) session.changeKeys()
    const back = session.receiveAll(WINDOW * part.length)
    if (!back.equals(Buffer.concat(sent))) throw new Error(`other bytes came back near ${at}`)
  }
  session.end()
  return { received: session.received }
}

const REPLY = 16 + 8

/** Writes and reads eight bytes, each request and each reply of the server a record. */
function exchangeByNbd(): object {
  session.readClear(18)
  session.writeClear(Buffer.from('00000003' + '49484156454f5054' + '00000005' + '00000000', 'hex'))
  session.readClear(20)
  session.secure()
  session.send(Buffer.from('49484156454f5054' + '00000007' + '00000006' + '000000000000', 'hex'))
  session.receiveAll(32 + 20)
  for (let at = 0; at < records; at += WINDOW) {
    for (let next = 0; next < WINDOW; next++) session.send(readRequest(at + next))
    if (at % KEY_LIFE === 0) session.changeKeys()
    checkReplies(at, session.receiveAll(WINDOW * REPLY))
  }
  session.end()
  return { received: session.received }
}

function readRequest(handle: number): Buffer {
  const request = Buffer.alloc(28)
  request.writeUInt32BE(0x2560_9513, 0)
  request.writeUInt32BE(handle, 12)
  request.writeUInt32BE((handle % 1024) * 8, 20)
  request.writeUInt32BE(8, 24)
  return request
}

/** Replies come in any order; the export holds the number of each eight bytes. */
function checkReplies(first: number, replies: Buffer): void {
  const missing = new Set(Array.from({ length: WINDOW }, (_, index) => first + index))
  for (let at = 0; at < replies.length; at += REPLY) {
    const handle = replies.readUInt32BE(at + 12)
    const isRight =
      replies.readUInt32BE(at) === 0x6744_6698 &&
      replies.readUInt32BE(at + 4) === 0 &&
      replies.readUInt32BE(at + 20) === handle % 1024 &&
      missing.delete(handle)
    if (!isRight) throw new Error(`a reply near request ${first} is wrong`)
  }
}

const WAYS = { receive: sendGuest, relay: exchangeByRelay, nbd: exchangeByNbd }
console.log(JSON.stringify(WAYS[way as keyof typeof WAYS]()))
