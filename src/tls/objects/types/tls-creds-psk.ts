/** `tls-creds-psk`: keys that both sides have, in a file as psktool writes it. */
import { join } from 'node:path'
import type { TlsRole } from '../../../algorithms/tls-role.ts'
import { fail, moderate } from '../../../diagnostics/diagnostic.ts'
import { readBytes } from '../../../files/text-file.ts'
import type { PropertyReader } from '../../../options/property-reader.ts'
import {
  checkSharedKeys,
  checkSharedKeysMode,
  findSharedKey,
  type SharedKey,
  SharedKeyFile,
} from '../../credentials/shared-keys.ts'
import { OBJECT_KINDS } from '../../object-diagnostics.ts'
import { digestOf } from './digest.ts'
import { makeContext, warnAboutTickets } from './endpoint-context.ts'
import { readEndpointSettings } from './endpoint-settings.ts'
import { ENDPOINTS, type ObjectType } from './object-type.ts'

const FILE = 'keys.psk'
const DEFAULT_USERNAME = 'qemu'

export const TLS_CREDS_PSK: ObjectType = {
  name: 'tls-creds-psk',
  kind: 'credentials',
  properties: ['endpoint', 'dir', 'verify-peer', 'priority', 'username', 'x-file'],
  load: (reader, surroundings) => {
    const endpoint = reader.choice('endpoint', ENDPOINTS, 'client')
    const dir = reader.requiredText('dir', `add dir=DIR, where ${FILE} is`)
    const path = join(dir, reader.text('x-file') ?? FILE)
    const verifyPeer = reader.flag('verify-peer', true)
    const username = readUsername(reader, endpoint)
    const settings = readEndpointSettings(reader, 'psk', endpoint, surroundings)
    const bytes = readBytes(path)
    const key = endpoint === 'client' ? requireKey(path, bytes, username) : undefined
    const made = makeContext(settings)
    const keys = key ? { key } : { keys: new SharedKeyFile(path) }
    const generation = { kind: 'psk', endpoint, verifyPeer, settings, ...made, ...keys } as const
    const { config, release } = surroundings
    const digest = digestOf(bytes, config.source.text, release)
    // The keys of other users are no concern of a client.
    const lines = endpoint === 'server' ? checkSharedKeys(path, bytes).map(moderate) : []
    const warnings = [...checkSharedKeysMode(path), ...lines, ...warnAboutTickets(made)]
    return { kind: 'credentials', generation, digest, paths: [path], warnings }
  },
}

function readUsername(reader: PropertyReader, endpoint: TlsRole): string {
  const username = reader.text('username')
  if (username === undefined || endpoint === 'client') return username ?? DEFAULT_USERNAME
  const reason = 'username should not be set when endpoint=server'
  const hint = 'clients name the user; the server knows all users of its keys.psk'
  const data = { what: reader.what, reason, hint }
  return fail(OBJECT_KINDS.conflictingProperties, data, reader.spanOf('username'))
}

function requireKey(path: string, bytes: Buffer, username: string): SharedKey {
  const key = findSharedKey(path, bytes, username)
  if (!key) return fail(OBJECT_KINDS.missingUser, { username, path })
  return { username, key }
}
