/**
 * A client of GnuTLS that writes one record at a time and changes its keys, which no program of GnuTLS or
 * OpenSSL does with bytes of any value. Its calls block: it belongs into a process of its own.
 */
import { join } from 'node:path'
import koffi from 'koffi'

const gnutls = koffi.load('libgnutls.so.30')
const libc = koffi.load('libc.so.6')

const allocate = gnutls.func(
  'int gnutls_certificate_allocate_credentials(_Out_ void **credentials)',
)
const trust = gnutls.func('int gnutls_certificate_set_x509_trust_file(void *, str, int)')
const ownKey = gnutls.func('int gnutls_certificate_set_x509_key_file(void *, str, str, int)')
const init = gnutls.func('int gnutls_init(_Out_ void **session, uint)')
const setPriority = gnutls.func('int gnutls_priority_set_direct(void *, str, void *)')
const setCredentials = gnutls.func('int gnutls_credentials_set(void *, int, void *)')
const setTransport = gnutls.func('void gnutls_transport_set_int2(void *, int, int)')
const handshake = gnutls.func('int gnutls_handshake(void *)')
const send = gnutls.func('intptr_t gnutls_record_send(void *, void *, size_t)')
const receive = gnutls.func('intptr_t gnutls_record_recv(void *, void *, size_t)')
const updateKeys = gnutls.func('int gnutls_session_key_update(void *, uint)')
const setTimeLimit = gnutls.func('void gnutls_record_set_timeout(void *, uint)')
const bye = gnutls.func('int gnutls_bye(void *, int)')
const openSocket = libc.func('int socket(int, int, int)')
const connect = libc.func('int connect(int, void *, uint)')
const read = libc.func('intptr_t read(int, void *, size_t)')
const write = libc.func('intptr_t write(int, void *, size_t)')
const setOption = libc.func('int setsockopt(int, int, int, void *, uint)')

const CLIENT = 2
const CERTIFICATE = 1
const PEM = 1
const PEER_TOO = 1
const END_OF_SENDING = 1
const [AGAIN, INTERRUPTED, TIMED_OUT] = [-28, -52, -319]

function check<Result extends number>(result: Result, what: string): Result {
  if (result < 0) throw new Error(`${what}: ${result}`)
  return result
}

export class GnutlsSession {
  readonly #socket: number
  readonly #session: unknown
  /** Records that came. */
  received = 0

  /** Connects to the loopback, in clear until `secure`. */
  constructor(port: number, folder: string) {
    this.#socket = check(openSocket(2, 1, 0), 'socket')
    const address = Buffer.alloc(16)
    address.writeUInt16LE(2, 0)
    address.writeUInt16BE(port, 2)
    address.writeUInt32BE(0x7f00_0001, 4)
    check(connect(this.#socket, address, address.length), 'connect')
    const yes = Buffer.from([1, 0, 0, 0])
    setOption(this.#socket, 6, 1, yes, yes.length)
    const credentials = made((out) => allocate(out))
    check(trust(credentials, join(folder, 'ca-cert.pem'), PEM), 'ca-cert.pem')
    const [certificate, key] = ['client-cert.pem', 'client-key.pem'].map((name) =>
      join(folder, name),
    )
    check(ownKey(credentials, certificate, key, PEM), 'client-cert.pem')
    this.#session = made((out) => init(out, CLIENT))
    check(setPriority(this.#session, 'NORMAL:-VERS-ALL:+VERS-TLS1.3', null), 'priority')
    check(setCredentials(this.#session, CERTIFICATE, credentials), 'credentials')
  }

  writeClear(bytes: Buffer): void {
    check(write(this.#socket, bytes, bytes.length), 'write')
  }

  readClear(length: number): Buffer {
    const bytes = Buffer.alloc(length)
    for (let at = 0; at < length; ) {
      const count = check(read(this.#socket, bytes.subarray(at), length - at), 'read')
      if (count === 0) throw new Error('the server closed the connection')
      at += count
    }
    return bytes
  }

  secure(): void {
    setTransport(this.#session, this.#socket, this.#socket)
    let result: number
    do result = handshake(this.#session)
    while (result === AGAIN || result === INTERRUPTED)
    check(result, 'handshake')
  }

  /** Sends one record. */
  send(bytes: Buffer): void {
    check(send(this.#session, bytes, bytes.length), 'send')
  }

  /** Takes new keys for what it sends, and asks the other side to do the same. */
  changeKeys(): void {
    check(updateKeys(this.#session, PEER_TOO), 'key update')
  }

  /** What comes, of one record; undefined at the end, and where nothing comes within milliseconds. */
  receive(limit = 0): Buffer | undefined {
    setTimeLimit(this.#session, limit)
    const bytes = Buffer.allocUnsafe(16_384)
    let count: number
    do count = Number(receive(this.#session, bytes, bytes.length))
    while (count === AGAIN || count === INTERRUPTED)
    if (count === TIMED_OUT) return undefined
    check(count, 'receive')
    this.received++
    return count === 0 ? undefined : bytes.subarray(0, count)
  }

  /** Reads so many bytes, of any number of records. */
  receiveAll(length: number): Buffer {
    const parts: Buffer[] = []
    for (let count = 0; count < length; ) {
      const part = this.receive()
      if (!part) throw new Error(`the server closed the connection after ${count} bytes`)
      parts.push(part)
      count += part.length
    }
    return Buffer.concat(parts)
  }

  /** Says that nothing follows, and waits until the other side has left, in order or not. */
  end(): void {
    bye(this.#session, END_OF_SENDING)
    const bytes = Buffer.allocUnsafe(16_384)
    setTimeLimit(this.#session, FAREWELL)
    while (Number(receive(this.#session, bytes, bytes.length)) > 0);
  }
}

/** In milliseconds. */
const FAREWELL = 60_000

function made(call: (out: unknown[]) => number): unknown {
  const out = [null]
  check(call(out), 'allocation')
  return out[0]
}
