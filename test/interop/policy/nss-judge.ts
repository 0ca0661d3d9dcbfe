/** Compares what a policy allows with what NSS offers under the file that is written for it, and with what is said. */
import { findLooseness } from '../../../src/backends/looseness/looseness.ts'
import { nss } from '../../../src/backends/nss.ts'
import type { Policy } from '../../../src/policy/policy.ts'
import { isSince } from '../../../src/priority/library-releases.ts'
import { decodeClientHello, decodeDatagramHello } from '../../tls/prober/client-hello.ts'
import { nssHellos } from '../convert/clients.ts'
import { output, type Place } from '../convert/hello-catcher.ts'
import { type Announcement, judgeHellos } from './announced.ts'

/** Rules that hold for some releases only, as their words say. */
const RELEASES: Readonly<Record<string, (release: string) => boolean>> = {
  'nss-hybrid-groups': (release) => isSince(release, '3.110') && !isSince(release, '3.132'),
  'nss-lattices': (release) => isSince(release, '3.132'),
}

/**
 * All that a program can ask for at once. SSL 3.0 excludes TLS 1.3; of DTLS 1.3, of which NSS speaks a draft, no
 * policy has a name.
 */
const STREAMS = 'tls1.0:tls1.3'
const DATAGRAMS = 'tls1.1:tls1.2'

/** The release of NSS, by its library. */
export async function nssRelease(place: Place): Promise<string> {
  const [library = ''] = (
    await output(place, [
      'sh',
      '-c',
      'ls /usr/lib/*/libnss3.so /usr/lib*/libnss3.so 2>/dev/null || true',
    ])
  ).split('\n')
  const printed = await output(place, ['grep', '-aoE', 'Version: NSS [0-9.]+', library])
  return /NSS ([0-9.]+)/.exec(printed)?.[1] ?? ''
}

export async function judgeNss(
  policy: Policy,
  place: Place,
  release: string,
): Promise<Announcement> {
  const text = nss.generate(policy)
  // The first module needs a library that may not be there.
  const module = text.slice(text.indexOf('library=\n'))
  const [stream, datagram] = await nssHellos(module, place, [
    ['-V', STREAMS],
    ['-P', 'client', '-V', DATAGRAMS],
  ])
  const hellos = [
    ...(stream ? [decodeClientHello(stream)] : []),
    ...(datagram ? [decodeDatagramHello(datagram)] : []),
  ]
  const told = findLooseness(policy, { backend: 'nss' })
    .filter(({ id }) => RELEASES[id]?.(release) ?? true)
    .flatMap(({ kept }) => kept.filter((name) => name !== 'SSL3.0'))
  return judgeHellos(hellos, policy, 'nss-tls', told)
}
