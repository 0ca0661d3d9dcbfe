/** Names of subjects beside the distinguished one (RFC 5280 section 4.2.1.6). */
import { DER, type DerElement, readElements, readObjectIdentifier, readOnly } from '../asn1/der.ts'
import { printIpAddress } from '../wire/ip-address.ts'
import { printName } from './distinguished-name.ts'

export type AlternativeName = {
  readonly kind: 'dns' | 'ip' | 'uri' | 'email' | 'srv' | 'directory' | 'other'
  /**
   * Addresses as `printIpAddress` writes them, directory names as GnuTLS prints them; of other kinds
   * the tag and the bytes in hexadecimal.
   */
  readonly value: string
  /** The bytes within: those of an address, of the DER of a directory name. */
  readonly bytes: Buffer
}

/** Tags of GeneralName. */
export const GENERAL_NAME = {
  other: 0xa0,
  email: 0x81,
  dns: 0x82,
  directory: 0xa4,
  uri: 0x86,
  ip: 0x87,
} as const

/** id-on-dnsSRV (RFC 4985). */
const SERVICE_NAME = '1.3.6.1.5.5.7.8.7'

/**
 * GeneralNames ::= SEQUENCE OF GeneralName.
 *
 * @throws RangeError where they are malformed.
 */
export function readAlternativeNames(value: Buffer): readonly AlternativeName[] {
  const names = readOnly(value, DER.sequence).map(readGeneralName)
  // GnuTLS does not read a certificate that has one.
  const empty = names.find(({ kind, bytes }) => bytes.length === 0 && kind !== 'other')
  if (empty) throw new RangeError(`an alternative name of the kind ${empty.kind} is empty`)
  return names
}

export function readGeneralName(element: DerElement): AlternativeName {
  const { tag, body: bytes } = element
  switch (tag) {
    case GENERAL_NAME.dns:
      return { kind: 'dns', value: bytes.toString('latin1'), bytes }
    case GENERAL_NAME.email:
      return { kind: 'email', value: bytes.toString('latin1'), bytes }
    case GENERAL_NAME.uri:
      return { kind: 'uri', value: bytes.toString('latin1'), bytes }
    case GENERAL_NAME.ip:
      return { kind: 'ip', value: printIpAddress(bytes), bytes }
    case GENERAL_NAME.directory:
      return { kind: 'directory', value: printName(bytes), bytes }
    case GENERAL_NAME.other:
      return readOtherName(element)
    default:
      return { kind: 'other', value: element.whole.toString('hex'), bytes }
  }
}

/** OtherName ::= SEQUENCE { type-id, value [0] EXPLICIT ANY }. */
function readOtherName({ body: bytes, whole }: DerElement): AlternativeName {
  const [type, value] = readElements(bytes)
  const isService = type !== undefined && readObjectIdentifier(type) === SERVICE_NAME
  const [text] = isService && value ? readElements(value.body) : []
  if (text?.tag === DER.ia5String)
    return { kind: 'srv', value: text.body.toString('latin1'), bytes }
  return { kind: 'other', value: whole.toString('hex'), bytes }
}
