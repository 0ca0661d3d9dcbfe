/** Chardevs of this process, joined as a monitor joins them. */
import { onTestFinished } from 'vitest'
import type { ChardevEvent } from '../../src/chardev/chardev-event.ts'
import { parseChardev } from '../../src/chardev/definition/parse-chardev.ts'
import { ChardevRegistry } from '../../src/chardev/registry/chardev-registry.ts'
import { parseObject } from '../../src/tls/objects/parse-object.ts'
import { TlsObjects } from '../../src/tls/objects/tls-objects.ts'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'

export type Chardevs = {
  readonly objects: TlsObjects
  readonly registry: ChardevRegistry
  readonly events: ChardevEvent[]
  /** Adds one; gives its port, or else where it is. */
  readonly add: (text: string) => Promise<string>
  readonly dir: string
}

/** With credentials `server` and `client`, and authorizations `clients` and `nobody`. */
export function makeChardevs(
  dir = makeX509Folder(),
  clientLimit = 1024,
  handshakeLimit = 30,
  socketMode?: number,
): Chardevs {
  const objects = TlsObjects.create(
    [
      `tls-creds-x509,id=server,dir=${dir},endpoint=server`,
      `tls-creds-x509,id=client,dir=${dir},endpoint=client`,
      'authz-simple,id=clients,identity=CN=client',
      'authz-simple,id=nobody,identity=CN=nobody',
    ].map((text) => parseObject(text)),
  )
  const events: ChardevEvent[] = []
  const registry = new ChardevRegistry({
    ...{ objects, handshakeLimit, clientLimit, socketMode },
    tell: (event) => void events.push(event),
  })
  onTestFinished(() => registry.close(1000))
  const add = async (text: string): Promise<string> => {
    const place = (await registry.add(parseChardev(text))) ?? ''
    return place.replace(/^.*:(\d+)$/, '$1')
  }
  return { objects, registry, events, add, dir }
}

/** Every byte, 10 MB of them, in an order that shows what is missing or moved. */
export function allBytes(length = 10_000_000): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length; at++) bytes[at] = (at ^ (at >> 8) ^ (at >> 16)) & 0xff
  return bytes
}
