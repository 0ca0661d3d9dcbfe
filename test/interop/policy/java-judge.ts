/** Compares what a policy allows with what Java offers under the file that is written for it, and with what is said. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { java } from '../../../src/backends/java.ts'
import { findLooseness } from '../../../src/backends/looseness/looseness.ts'
import type { Policy } from '../../../src/policy/policy.ts'
import { decodeClientHello, decodeDatagramHello } from '../../tls/prober/client-hello.ts'
import { insidePath, JAVA_COMMAND, output, type Place } from '../convert/hello-catcher.ts'
import { type Announcement, judgeHellos } from './announced.ts'

/** Rules that hold for some releases only, as their words say. */
const RELEASES: Readonly<Record<string, (release: number) => boolean>> = {
  'java-hybrid-groups': (release) => release >= 25,
  'java-tls13-suites': (release) => release < 25,
  'java-3des': (release) => release < 21,
}

/** Compiles what asks Java, and gives its release, such as 17. */
export async function prepareJava(place: Place): Promise<number> {
  const source = join(import.meta.dirname, '..', 'convert', 'ClientHello.java')
  await writeFile(join(place.folder, 'ClientHello.java'), await readFile(source))
  const folder = insidePath(place, '.')
  await output(place, ['javac', '-d', folder, insidePath(place, 'ClientHello.java')])
  const version = await output(place, ['java', '--version'])
  return Number(/\d+/.exec(version)?.[0])
}

export async function judgeJava(
  policy: Policy,
  place: Place,
  release: number,
): Promise<Announcement> {
  await writeFile(join(place.folder, 'java.config'), java.generate(policy))
  const printed = await output(place, [
    ...JAVA_COMMAND,
    `-Djava.security.properties=${insidePath(place, 'java.config')}`,
    ...['-cp', insidePath(place, '.'), 'ClientHello', 'TLS', 'DTLS'],
  ])
  const [stream = '-', datagram = '-'] = printed.trim().split('\n')
  const hellos = [
    ...(stream === '-' ? [] : [decodeClientHello(Buffer.from(stream, 'hex'))]),
    ...(datagram === '-' ? [] : [decodeDatagramHello(Buffer.from(datagram, 'hex'))]),
  ]
  const told = findLooseness(policy, { backend: 'java' })
    .filter(({ id }) => RELEASES[id]?.(release) ?? true)
    .flatMap(({ kept }) => kept)
  return judgeHellos(hellos, policy, 'java-tls', told)
}
