/** Alerts: RFC 8446 section 6, RFC 5246 section 7.2. */
import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'

export type TlsAlert = {
  /** 1 warning, 2 fatal. */
  readonly level: number
  readonly description: number
}

/** @throws ProtocolError */
export function decodeAlert(payload: Buffer): TlsAlert {
  const reader = new ByteReader(payload, 'an alert')
  const alert = { level: reader.readUint8(), description: reader.readUint8() }
  reader.end()
  return alert
}

export function encodeAlert({ level, description }: TlsAlert): Buffer {
  return new ByteWriter().uint8(level).uint8(description).finish()
}
