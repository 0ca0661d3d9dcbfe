/** Credentials that differ from others only in the one cipher that they allow. */

import { isTls13Suite } from '../../algorithms/handshake-needs.ts'
import type { TlsSuite } from '../../algorithms/tls-suites.ts'
import type { ObjectDefinition } from '../../options/object-definition.ts'
import type { TlsCredentials } from '../../tls/credentials/credentials.ts'
import type { TlsObjects } from '../../tls/objects/tls-objects.ts'

export type SuiteCredentials = {
  readonly suite: string
  readonly credentials: TlsCredentials
}

/**
 * One for each suite of TLS 1.3 that is allowed. Where none is, the credentials as they are.
 *
 * @param definition What the credentials were made of.
 */
export function credentialsForEachSuite(
  objects: TlsObjects,
  definition: ObjectDefinition,
): readonly SuiteCredentials[] {
  const credentials = objects.credentials(definition.id, 'client')
  const { allowed, evaluation } = credentials.settings
  const suites = allowed.suites.filter(isTls13Suite)
  if (suites.length === 0) return [{ suite: '', credentials }]
  return suites.map((suite) => {
    const id = `${definition.id}-${suite.cipher}`
    const priority = withOneCipher(evaluation.resolution.text, suite)
    objects.add({ ...definition, id, properties: { ...definition.properties, priority } })
    return { suite: suite.name, credentials: objects.credentials(id, 'client') }
  })
}

/** The cipher is one of the string, so that nothing is allowed that was not. */
function withOneCipher(priority: string, { cipher }: TlsSuite): string {
  return `${priority}:-CIPHER-ALL:+${cipher}`
}
