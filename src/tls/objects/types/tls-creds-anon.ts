/** `tls-creds-anon`: encryption without knowing with whom; TLS 1.2 at most has suites for it. */
import { digestOf } from './digest.ts'
import { makeContext } from './endpoint-context.ts'
import { readEndpointSettings } from './endpoint-settings.ts'
import { ENDPOINTS, type LoadedObject, type ObjectType } from './object-type.ts'

export const TLS_CREDS_ANON: ObjectType = {
  name: 'tls-creds-anon',
  kind: 'credentials',
  properties: ['endpoint', 'dir', 'verify-peer', 'priority'],
  load: (reader, surroundings) => {
    const endpoint = reader.choice('endpoint', ENDPOINTS, 'client')
    // Read for its type only: all that QEMU looks for there are parameters of Diffie-Hellman.
    reader.text('dir')
    const verifyPeer = reader.flag('verify-peer', true)
    const settings = readEndpointSettings(reader, 'anon', endpoint, surroundings)
    const made = makeContext(settings)
    const generation = { kind: 'anon', endpoint, verifyPeer, settings, ...made } as const
    const { config, release } = surroundings
    const digest = digestOf(config.source.text, release)
    return { kind: 'credentials', generation, digest, paths: [] } satisfies LoadedObject
  },
}
