/** `secret`: a password or a key that only other objects are to see, raw, in base64 or encrypted. */
import { createDecipheriv } from 'node:crypto'
import { isAbsolute } from 'node:path'
import { DiagnosticError, fail } from '../../../diagnostics/diagnostic.ts'
import { readBytes } from '../../../files/text-file.ts'
import { OPTION_KINDS } from '../../../options/option-diagnostics.ts'
import type { PropertyReader } from '../../../options/property-reader.ts'
import { OBJECT_KINDS } from '../../object-diagnostics.ts'
import { digestOf } from './digest.ts'
import type { ObjectType, Surroundings } from './object-type.ts'

export const SECRET: ObjectType = {
  name: 'secret',
  kind: 'secret',
  properties: ['data', 'file', 'format', 'keyid', 'iv'],
  load: (reader, surroundings) => {
    const path = reader.text('file')
    const content = decode(reader, readInput(reader, path), surroundings)
    return {
      kind: 'secret',
      content,
      digest: digestOf(content),
      paths: path === undefined ? [] : [path],
    }
  },
}

function readInput(reader: PropertyReader, path: string | undefined): Buffer {
  const data = reader.text('data')
  if (path !== undefined && data !== undefined) {
    const reason = 'data and file exclude each other'
    fail(OBJECT_KINDS.conflictingProperties, { what: reader.what, reason }, reader.spanOf('data'))
  }
  if (path !== undefined) return readSecretFile(path, reader)
  if (data !== undefined) return Buffer.from(data, 'utf8')
  const hint = 'add file=PATH; data=TEXT would show in the list of processes'
  return fail(
    OPTION_KINDS.missingProperty,
    { what: reader.what, name: 'file', hint },
    reader.spanOf(''),
  )
}

/** What is no absolute path may be the secret itself, put there by mistake. */
function readSecretFile(path: string, reader: PropertyReader): Buffer {
  if (isAbsolute(path)) return readBytes(path)
  try {
    return readBytes(path)
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    const codes = error.diagnostics.map(({ code }) => code)
    return unusable(reader, `its file cannot be read (${codes.join(', ')})`)
  }
}

function decode(reader: PropertyReader, input: Buffer, surroundings: Surroundings): Buffer {
  const format = reader.choice('format', ['raw', 'base64'], 'raw')
  const bytes = format === 'base64' ? decodeBase64(input.toString('latin1'), reader) : input
  const keyId = reader.text('keyid')
  if (keyId !== undefined)
    return decrypt(reader, bytes, surroundings.secret(keyId, reader, 'keyid'))
  if (!reader.has('iv')) return bytes
  const reason = 'iv is of use with keyid only'
  return fail(
    OBJECT_KINDS.conflictingProperties,
    { what: reader.what, reason },
    reader.spanOf('iv'),
  )
}

/** AES-256-CBC with the padding of PKCS #7, as QEMU decrypts it. */
function decrypt(reader: PropertyReader, bytes: Buffer, key: Buffer): Buffer {
  const iv = decodeBase64(reader.requiredText('iv', 'add iv=BASE64, 16 bytes'), reader)
  if (key.length !== 32) unusable(reader, `its key has ${key.length} bytes, and 32 are needed`)
  if (iv.length !== 16) unusable(reader, `its iv has ${iv.length} bytes, and 16 are needed`)
  try {
    const cipher = createDecipheriv('aes-256-cbc', key, iv)
    return Buffer.concat([cipher.update(bytes), cipher.final()])
  } catch {
    return unusable(reader, 'it does not decrypt with this key')
  }
}

/** Buffer.from would skip whatever is not base64. */
function decodeBase64(text: string, reader: PropertyReader): Buffer {
  const joined = text.replace(/\s/g, '')
  const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(joined)
  return isBase64 ? Buffer.from(joined, 'base64') : unusable(reader, 'it is not base64')
}

function unusable(reader: PropertyReader, reason: string): never {
  const id = reader.what.replace(/^secret /, '')
  fail(OBJECT_KINDS.secretUnusable, { id, reason }, reader.spanOf('file'))
}
