/** What an audit learnt, as lines for people: what is accepted and what stayed unknown. */
import {
  type Answer,
  type CertificateChain,
  type CertificateResult,
  type Enumeration,
  isWhole,
  type Numbered,
  type TlsScan,
} from '../audit/model.ts'
import type { ScanResult } from '../audit/scan-result.ts'
import { printAnswer, row, wrap } from './audit-lines.ts'
import { printSsh } from './audit-ssh-text.ts'

export function printScan(result: ScanResult): readonly string[] {
  const { target, connections, tls, ssh, clearText } = result
  const name = target.serverName === null ? '' : ` as ${target.serverName}`
  const clear = clearText ? ['', ...wrap(`Without TLS: ${clearText.kind} (${clearText.said})`)] : []
  return [
    `${target.text}${name}, ${connections} connections`,
    ...clear,
    ...(tls ? ['', ...printTls(tls)] : []),
    ...(ssh ? ['', ...printSsh(ssh)] : []),
  ]
}

function printTls(tls: TlsScan): readonly string[] {
  return [
    'Versions',
    ...tls.versions.map(({ name, result }) => row(name, printAnswer(result))),
    ...tls.suites.flatMap((list) => section(`Suites of ${list.version}`, list)),
    ...tls.groups.flatMap((list) => section(`Groups of ${list.version}`, list)),
    ...printPrimes(tls),
    ...tls.signatures.flatMap((list) => section(`Signatures in ${list.version}`, list)),
    ...tls.chains.flatMap(printChain),
    ...printClientCertificate(tls),
    ...printProtocols(tls),
    ...printFeatures(tls),
  ]
}

const ORDERS = { server: "server's order", client: "client's order", unknown: undefined } as const

function section(title: string, list: Enumeration<Numbered>): readonly string[] {
  const order = ORDERS[list.order]
  const lines = list.items.map(({ name }) => `  ${name}`)
  const missing = isWhole(list) ? [] : [`  there may be more: ${printAnswer(list.end)}`]
  return ['', order ? `${title}, ${order}` : title, ...lines, ...missing]
}

function printPrimes({ diffieHellman }: TlsScan): readonly string[] {
  if (diffieHellman.length === 0) return []
  const lines = diffieHellman.map(({ bits, group }) => `  ${bits} bits, ${group ?? 'of its own'}`)
  return ['', 'Primes of Diffie-Hellman', ...lines]
}

function printChain({ certificates, isInOrder, unreadable }: CertificateChain): readonly string[] {
  const lines = certificates.flatMap(printCertificate)
  const order = isInOrder ? [] : ['  not in the order of issue']
  const bad = unreadable.map((at) => `  certificate ${at} cannot be read`)
  return ['', 'Chain of certificates', ...lines, ...order, ...bad]
}

function printCertificate(certificate: CertificateResult): readonly string[] {
  const { subject, issuer, keyType, keyBits, notBefore, notAfter, names } = certificate
  const size = keyBits === null ? '' : ` ${keyBits}`
  const { signatureAlgorithm } = certificate
  return [
    ...wrap(`  ${subject || '(no subject)'}`),
    `    key ${keyType}${size}, signed with ${signatureAlgorithm ?? 'what is unknown'}`,
    `    from ${notBefore.slice(0, 10)} to ${notAfter.slice(0, 10)}`,
    ...wrap(`    issuer ${issuer}`),
    ...(names.length > 0 ? wrap(`    names ${names.join(', ')}`) : []),
  ]
}

function printClientCertificate({ clientCertificate }: TlsScan): readonly string[] {
  const { asked, required, schemes, authorities } = clientCertificate
  const names = schemes.map(({ name }) => name).join(', ')
  return [
    '',
    'Certificate of the client',
    row('asked for', yesOrNo(asked)),
    row('required', yesOrNo(required)),
    ...(names ? wrap(row('schemes', names)) : []),
    ...authorities.flatMap((name) => wrap(row('authority', name))),
  ]
}

/** Of what the server wants, in place of what it has. */
function yesOrNo(answer: Answer): string {
  if (answer.answer === 'accepted') return 'yes'
  return answer.answer === 'not-offered' ? 'no' : printAnswer(answer)
}

function printFeatures({
  features,
  ticketLifetime,
  ticketLifetimeHint,
}: TlsScan): readonly string[] {
  const answers = Object.entries(features).map(([name, answer]) => row(name, printAnswer(answer)))
  const lifetimes = [
    ['ticket lifetime', ticketLifetime],
    ['ticketLifetimeHint', ticketLifetimeHint],
  ] as const
  const tickets = lifetimes.flatMap(([name, seconds]) =>
    seconds === null ? [] : row(name, `${seconds} s`),
  )
  const rows = [...answers, ...tickets]
  return rows.length > 0 ? ['', 'Features', ...rows] : []
}

function printProtocols({ protocols }: TlsScan): readonly string[] {
  const names = protocols.items.join(', ')
  return ['', 'Protocols (ALPN)', row('accepted', names || printAnswer(protocols.end))]
}
