/** VNC's VeNCrypt: the RFB protocol, RFC 6143, section 7.1, and "VeNCrypt" of the community's specification. */

import { refuse } from '../../wire/protocol-error.ts'
import type { ClearExchange } from '../connection/clear-exchange.ts'
import {
  type ClearText,
  clearText,
  READY,
  refused,
  type Upgrade,
  type UpgradeResult,
} from './upgrade.ts'

const SECURITY_NAMES: Readonly<Record<number, string>> = {
  1: 'None',
  2: 'VNC Authentication',
  5: 'RA2',
  6: 'RA2ne',
  16: 'Tight',
  18: 'TLS',
  19: 'VeNCrypt',
  20: 'SASL',
  30: 'Apple',
}

const VENCRYPT = 19

/** Anonymous TLS without VeNCrypt, of vino. */
const TLS = 18

const VERSION_LENGTH = 12

/** The published versions where the client chooses among types of security, newest first; and the one before them. */
const VERSIONS = ['003.008', '003.007'] as const
const OLDEST = '003.003'

const TEXT_LIMIT = 4096

/** Subtypes of VeNCrypt; those of X509 have certificates, those of TLS have none on either side. */
const SUBTYPE_NAMES: Readonly<Record<number, string>> = {
  256: 'Plain',
  257: 'TLSNone',
  258: 'TLSVnc',
  259: 'TLSPlain',
  260: 'X509None',
  261: 'X509Vnc',
  262: 'X509Plain',
  263: 'TLSSASL',
  264: 'X509SASL',
}

const PLAIN = 256

const WITH_CERTIFICATES = [261, 262, 264, 260]
const ANONYMOUS = [258, 259, 263, 257]
const WITH_TLS = [...WITH_CERTIFICATES, ...ANONYMOUS, TLS]

/** TLS with certificates, or else without. */
export const vnc: Upgrade = {
  scheme: 'vnc',
  title: 'VNC',
  port: 5900,
  refusesByEnding: true,
  begin: (exchange) => beginVeNCrypt(exchange, [...WITH_CERTIFICATES, ...ANONYMOUS]),
  tryClearText: async (exchange) => {
    const offer = await readSecurityTypes(exchange)
    if (typeof offer === 'string') return clearText('unknown', offer)
    const { types } = offer
    const clear = types.filter((type) => type !== VENCRYPT && type !== TLS)
    if (clear.length > 0) return clearText('accepted', clear.map(securityName).join(', '))
    if (!types.includes(VENCRYPT)) return clearText('refused', types.map(securityName).join(', '))
    const subtypes = await readSubtypes(exchange, offer)
    const names = subtypes.map(subtypeName).join(', ') || 'nothing'
    return clearText(clearKindOf(subtypes), `VeNCrypt: ${names}`)
  },
}

/** TLS without certificates alone. */
export const vncAnonymous: Upgrade = {
  scheme: 'vnc+anonymous',
  title: 'VNC with anonymous TLS',
  port: 5900,
  begin: (exchange) => beginVeNCrypt(exchange, ANONYMOUS),
}

async function beginVeNCrypt(
  exchange: ClearExchange,
  wanted: readonly number[],
): Promise<UpgradeResult> {
  const offer = await readSecurityTypes(exchange)
  if (typeof offer === 'string') return refused(offer)
  const { types } = offer
  if (!types.includes(VENCRYPT)) return refused(`it offers ${types.map(securityName).join(', ')}`)
  const subtypes = await readSubtypes(exchange, offer)
  const chosen = wanted.find((subtype) => subtypes.includes(subtype))
  if (chosen === undefined) {
    const names = subtypes.map(subtypeName).join(', ')
    return refused(`of VeNCrypt it offers ${names || 'nothing'}`)
  }
  const choice = Buffer.alloc(4)
  choice.writeUInt32BE(chosen)
  await exchange.write(choice)
  const [accepted] = await exchange.read(1)
  return accepted === 1 ? READY : refused(`it does not accept ${SUBTYPE_NAMES[chosen]}`)
}

type SecurityOffer = {
  readonly types: readonly number[]
  /** Then there is one type, and the client says nothing about it. */
  readonly isServersChoice: boolean
}

/** The server's types of security, or its reason to offer none. */
async function readSecurityTypes(exchange: ClearExchange): Promise<SecurityOffer | string> {
  const greeting = (await exchange.read(VERSION_LENGTH)).toString('latin1')
  const [, offered] = /^RFB (\d{3}\.\d{3})\n$/.exec(greeting) ?? []
  if (offered === undefined) refuse('a greeting that is not of VNC')
  // A client asks for no version above the server's, and for none that is not published.
  const version = VERSIONS.find((one) => one <= offered) ?? OLDEST
  await exchange.write(Buffer.from(`RFB ${version}\n`))
  if (version === OLDEST) {
    const type = (await exchange.read(4)).readUInt32BE()
    return type === 0 ? readText(exchange) : { types: [type], isServersChoice: true }
  }
  const [count = 0] = await exchange.read(1)
  if (count === 0) return readText(exchange)
  return { types: [...(await exchange.read(count))], isServersChoice: false }
}

async function readText(exchange: ClearExchange): Promise<string> {
  const length = (await exchange.read(4)).readUInt32BE()
  if (length > TEXT_LIMIT) refuse(`a reason of ${length} bytes`)
  return (await exchange.read(length)).toString('latin1')
}

async function readSubtypes(
  exchange: ClearExchange,
  { isServersChoice }: SecurityOffer,
): Promise<readonly number[]> {
  if (!isServersChoice) await exchange.write(Buffer.of(VENCRYPT))
  const [major = 0, minor = 0] = await exchange.read(2)
  if (major !== 0 || minor < 2) refuse(`version ${major}.${minor} of VeNCrypt`)
  await exchange.write(Buffer.of(0, 2))
  const [status] = await exchange.read(1)
  if (status !== 0) refuse('a refusal of version 0.2 of VeNCrypt')
  const [count = 0] = await exchange.read(1)
  const bytes = await exchange.read(4 * count)
  return Array.from({ length: count }, (_, at) => bytes.readUInt32BE(4 * at))
}

/** Servers offer types of security within VeNCrypt too, without TLS. Of a subtype without a name it is not known. */
function clearKindOf(subtypes: readonly number[]): ClearText['kind'] {
  const others = subtypes.filter((subtype) => !WITH_TLS.includes(subtype))
  if (others.some((subtype) => subtype === PLAIN || subtype in SECURITY_NAMES)) return 'accepted'
  return subtypes.length > 0 && others.length === 0 ? 'refused' : 'unknown'
}

function subtypeName(type: number): string {
  return SUBTYPE_NAMES[type] ?? securityName(type)
}

function securityName(type: number): string {
  return SECURITY_NAMES[type] ?? String(type)
}
