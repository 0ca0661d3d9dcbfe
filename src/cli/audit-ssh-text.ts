/** What an audit learnt of an SSH server, as lines for people. */
import { isKnown, type SshOffer, type SshScan } from '../audit/ssh-model.ts'
import { printAnswer, row, wrap } from './audit-lines.ts'

export function printSsh(scan: SshScan): readonly string[] {
  const { identification, offer, extensions, hostKeys, smallestPrime } = scan
  const prime = isKnown(smallestPrime) ? `${smallestPrime} bits` : printAnswer(smallestPrime)
  return [
    ...(identification ? [identification, ''] : []),
    ...(isKnown(offer) ? printOffer(offer) : [row('offer', printAnswer(offer))]),
    ...(isKnown(extensions)
      ? section('User signature algorithms', extensions.userSignatures ?? [])
      : []),
    '',
    'Host keys',
    ...hostKeys.flatMap(({ type, key }) =>
      wrap(row(type, isKnown(key) ? `${key.bits ?? '?'} ${key.fingerprint}` : printAnswer(key))),
    ),
    '',
    row('smallest prime', prime),
    ...(isKnown(extensions)
      ? wrap(row('extensions', extensions.names.join(', ')))
      : [row('extensions', printAnswer(extensions))]),
  ]
}

function printOffer(offer: SshOffer): readonly string[] {
  const { keyExchanges, hostKeyAlgorithms, ciphers, macs, compression, markers } = offer
  return [
    ...section('Key exchanges', keyExchanges),
    ...section('Host key algorithms', hostKeyAlgorithms),
    ...directions('Ciphers', ciphers),
    ...directions('MACs', macs),
    ...directions('Compression', compression),
    ...section('Marks', markers),
  ].slice(1)
}

function section(title: string, names: readonly string[]): readonly string[] {
  return names.length > 0 ? ['', title, ...names.map((name) => `  ${name}`)] : []
}

/** One list where both directions have the same. */
function directions(title: string, { toServer, toClient }: SshOffer['ciphers']): readonly string[] {
  if (toServer.join() === toClient.join()) return section(title, toServer)
  return [
    ...section(`${title} to the server`, toServer),
    ...section(`${title} to the client`, toClient),
  ]
}
