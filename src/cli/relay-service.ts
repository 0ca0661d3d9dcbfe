/** Relays as a service: from their options or their map to the signal that ends them. */
import { asSaidByFile, DiagnosticError, fail } from '../diagnostics/diagnostic.ts'
import { readNamedTextFile } from '../files/text-file.ts'
import { parseMigrationUri } from '../migration/address/migration-uri.ts'
import { clearTextWarnings } from '../migration/relay/clear-text-warnings.ts'
import { printRelayEvent, relayEventToJson } from '../migration/relay/event-report.ts'
import { type OpenRelay, openRelay } from '../migration/relay/open-relay.ts'
import { CHANNEL_MEMORY } from '../migration/relay/relay.ts'
import type { RelayDefinition } from '../migration/relay/relay-definition.ts'
import { RELAY_KINDS } from '../migration/relay/relay-diagnostics.ts'
import type { RelayEvent } from '../migration/relay/relay-event.ts'
import { parseRelayMap } from '../migration/relay/relay-map.ts'
import { printBoundAddress } from '../net/address.ts'
import { runService } from '../service/service.ts'
import { loadObjects } from './object-options.ts'
import type { RelayCommandOptions } from './relay-options.ts'
import { logReload } from './reload-log.ts'
import { Terminal } from './terminal.ts'

/** Relays until a signal comes. */
export async function runRelays(options: RelayCommandOptions): Promise<void> {
  const terminal = new Terminal({ quiet: options.quiet ?? false, isService: true })
  const definitions = asWritten(options, () => readDefinitions(options))
  const objects = await loadObjects(options, terminal)
  const channelLimit = findChannelLimit(definitions.length, options)
  const { handshakeLimit, idleLimit } = options
  const limits = { channelLimit, handshakeLimit, idleLimit }
  const onEvent = (event: RelayEvent) => logEvent(event, options, terminal)
  const relays = asWritten(options, () =>
    definitions.map((definition) => openRelay(definition, objects, limits, onEvent)),
  )
  await runService({
    objects,
    pidFile: options.pidFile,
    drainLimit: options.drainLimit,
    start: () => listenAll(relays),
    announce: (places) => announce(places, relays, terminal),
    tellReload: (report) => logReload(report, options, terminal),
    drain: async (limit) => void (await Promise.all(relays.map(({ relay }) => relay.drain(limit)))),
    close: async () => {
      for (const { sides } of relays) sides.release()
    },
  })
}

/** What is wrong with a relay is wrong with the map, where one describes it. */
function asWritten<Value>({ map }: RelayCommandOptions, step: () => Value): Value {
  try {
    return step()
  } catch (error) {
    if (map === undefined || !(error instanceof DiagnosticError)) throw error
    throw new DiagnosticError(error.diagnostics.map(asSaidByFile))
  }
}

function readDefinitions(options: RelayCommandOptions): readonly RelayDefinition[] {
  const { map, listen = '', to = '' } = options
  if (map !== undefined) return parseRelayMap(readNamedTextFile(map))
  const one: RelayDefinition = {
    listen: parseMigrationUri(listen),
    to: parseMigrationUri(to),
    credentials: options.tlsCreds,
    authorization: options.tlsAuthz,
    hostname: options.tlsHostname,
    isNbd: options.nbd ?? false,
    socket: { mode: options.socketMode, owner: options.socketOwner },
  }
  return [one]
}

/** What a migration with 8 channels and its return path needs, and as many more; for each relay. */
const DEFAULT_CHANNELS = 16

const LEAST_DEFAULT = 134_217_728

/** Every relay gets the same part of the memory. */
function findChannelLimit(relays: number, options: RelayCommandOptions): number {
  const least = relays * CHANNEL_MEMORY
  const { channels, memoryLimit = Math.max(LEAST_DEFAULT, least * DEFAULT_CHANNELS) } = options
  if (memoryLimit < least) fail(RELAY_KINDS.memoryTooSmall, { limit: memoryLimit, least })
  return Math.min(channels ?? Number.POSITIVE_INFINITY, Math.floor(memoryLimit / least))
}

/** One after the other: two at the same path, in two spellings, would each wait for the other's lock. */
async function listenAll(relays: readonly OpenRelay[]): Promise<readonly string[]> {
  const places: string[] = []
  for (const relay of relays) places.push(await listen(relay))
  return places
}

async function listen({ relay, definition, file }: OpenRelay): Promise<string> {
  return printBoundAddress(await relay.listen(definition.listen, file))
}

function announce(
  places: readonly string[],
  relays: readonly OpenRelay[],
  terminal: Terminal,
): void {
  relays.forEach(({ definition, sides }, index) => {
    const place = places[index] ?? ''
    clearTextWarnings(place, definition.to, sides).forEach(terminal.report)
    const { id, isNbd } = definition
    const secured = sides.tls === 'to' ? 'TLS onwards' : 'TLS from clients'
    const what = isNbd ? 'a disk by NBD' : 'a guest'
    const name = id === undefined ? '' : `${id}: `
    terminal.note(`${name}carries ${what} from ${place} to ${sides.to}, ${secured}`)
  })
  // Programs that wait for this line wait for it under --quiet too.
  terminal.warn(`ready: ${places.join(', ')}`)
}

function logEvent(event: RelayEvent, { log }: RelayCommandOptions, terminal: Terminal): void {
  if (terminal.options.quiet && event.event !== 'refused') return
  terminal.warn(log === 'json' ? relayEventToJson(event, new Date()) : printRelayEvent(event))
}
