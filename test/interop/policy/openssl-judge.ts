/**
 * Compares what a policy allows with what OpenSSL offers under the file that is written for it, and
 * with what is said of the difference.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findLooseness } from '../../../src/backends/looseness/looseness.ts'
import { opensslcnf } from '../../../src/backends/opensslcnf.ts'
import { allowedByPolicy } from '../../../src/policy/allowed-by-policy.ts'
import type { Policy } from '../../../src/policy/policy.ts'
import {
  decodeClientHello,
  decodeDatagramHello,
  type Hello,
} from '../../tls/prober/client-hello.ts'
import { catchDatagram, catchHello, insidePath, type Place } from '../convert/hello-catcher.ts'
import { type Announcement, judgeHellos } from './announced.ts'

const HEAD =
  'openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = system\n[system]\n'

export type Verdict = Announcement & {
  /** The suites of TLS 1.3 are told one by one, so that each is offered. */
  readonly missing: readonly string[]
}

/** @param release of the OpenSSL that is at the place, such as `3.0.17`. */
export async function judgeOpenssl(
  policy: Policy,
  place: Place,
  release: string,
): Promise<Verdict> {
  const hellos = await hellosUnder(opensslcnf.generate(policy), place)
  const told = findLooseness(policy, { openssl: release })
    .filter(({ backend, id }) => backend === 'opensslcnf' && id !== 'openssl-key-sizes')
    .flatMap(({ kept }) => kept)
  return {
    ...judgeHellos(hellos, policy, 'openssl', told),
    missing: hellos.filter(isOfTls13).flatMap((hello) => missingTls13(hello, policy)),
  }
}

function missingTls13(hello: Hello, policy: Policy): readonly string[] {
  const { suites, versions } = allowedByPolicy(policy, 'openssl')
  const isTls13 = versions.some(({ name }) => name === 'TLS1.3')
  return suites
    .filter(
      ({ minimum, number }) => minimum === 'TLS1.3' && isTls13 && !hello.suites.includes(number),
    )
    .map(({ name }) => name)
}

/**
 * The hellos of clients of TLS and of DTLS. A client without a suite for its newest version gives up; one
 * without TLS 1.3 tells what servers would take then.
 */
async function hellosUnder(text: string, place: Place): Promise<readonly Hello[]> {
  await writeFile(join(place.folder, 'openssl.cnf'), `${HEAD}${text}`)
  const environment = { OPENSSL_CONF: insidePath(place, 'openssl.cnf') }
  const commandWith = (options: readonly string[]) => (port: number) => [
    ...['openssl', 's_client', '-psk', '00112233', ...options, '-connect', `127.0.0.1:${port}`],
  ]
  const streams = [
    await catchHello(place, commandWith([]), environment),
    await catchHello(place, commandWith(['-no_tls1_3']), environment),
  ]
  const datagram = await catchDatagram(place, commandWith(['-dtls']), environment)
  return [
    ...streams.filter(isHandshake).map(decodeClientHello),
    ...[datagram].filter(isHandshake).map(decodeDatagramHello),
  ]
}

function isOfTls13({ versions }: Hello): boolean {
  return versions.includes(0x0304)
}

/** A client that has nothing to offer sends an alert, or ends. */
function isHandshake(record: Buffer | undefined): record is Buffer {
  return record?.[0] === 0x16
}
