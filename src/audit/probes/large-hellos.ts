/**
 * Whether a server fails at a ClientHello of some hundred bytes and answers a small one. Some of them reset the
 * connection, send an alert or say nothing (RFC 7685 section 1), and would be taken for servers that have no version.
 */
import type { Offer } from '../conversation/offer.ts'
import { keyShare, supportedVersions } from '../messages/extensions.ts'
import { ALERT, VERSION } from '../messages/iana-numbers.ts'
import { COMMON_SUITES } from '../messages/iana-suites.ts'
import type { Answer, VersionResult } from '../model.ts'
import { SERVER_FAILED } from './answers.ts'
import type { ProbedServer } from './probe.ts'

/**
 * One small question, and none where no version seems to be missing.
 *
 * @param versions Newest first.
 * @returns what a large message was answered with, in a version in which a small one is accepted.
 */
export async function probeLargeHellos(
  server: ProbedServer,
  versions: readonly VersionResult[],
): Promise<Answer | undefined> {
  const largest = versions.find(
    ({ number, result }) => number < VERSION.TLS13 && result.answer === 'accepted',
  )
  // Messages of older versions are no larger than that one.
  const isInDoubt = (number: number) => number > (largest?.number ?? VERSION.SSL3)
  const doubtful = versions.filter((version) => isInDoubt(version.number) && isDoubtful(version))
  const [newest] = doubtful
  if (!newest) return undefined
  const numbers = doubtful.map(({ number }) => number)
  const asked = await server.hello('large hellos, a small one', smallOffer(newest.number, numbers))
  if (!asked.isAnswered || asked.value.kind !== 'flight') return undefined
  const { version } = asked.value.flight
  return doubtful.find(({ number }) => number === version)?.result
}

/** A server that names the version as its reason has read the message. */
function isDoubtful({ result }: VersionResult): boolean {
  if (result === SERVER_FAILED || result.answer === 'timed-out') return true
  return result.answer === 'refused' && result.alert !== ALERT.protocol_version
}

function smallOffer(newest: number, versions: readonly number[]): Omit<Offer, 'serverName'> {
  const isTls13 = newest >= VERSION.TLS13
  return {
    version: Math.min(newest, VERSION.TLS12),
    suites: COMMON_SUITES.filter((suite) => isTls13 || suite >> 8 !== 0x13),
    isSmall: true,
    compressions: [0],
    extra: isTls13 ? [supportedVersions(versions), keyShare([])] : [],
  }
}
