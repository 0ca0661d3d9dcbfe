/** Two chardevs joined, as a service: from their definitions to the signal, or the end, that ends it. */

import type { ChardevContext } from '../chardev/chardev-context.ts'
import type { ChardevEvent } from '../chardev/chardev-event.ts'
import type { ChardevDefinition } from '../chardev/definition/chardev-definition.ts'
import { parseChardev } from '../chardev/definition/parse-chardev.ts'
import { chardevEventToJson, printChardevEvent } from '../chardev/event-report.ts'
import { ChardevRegistry } from '../chardev/registry/chardev-registry.ts'
import { clearWarnings } from '../chardev/socket/clear-warnings.ts'
import { printChardevAddress } from '../chardev/socket/socket-address.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import { ServiceEnding } from '../service/ending.ts'
import { runService } from '../service/service.ts'
import type { TlsObjects } from '../tls/objects/tls-objects.ts'
import type { ChardevCommandOptions } from './chardev-options.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'
import { loadObjects } from './object-options.ts'
import { logReload } from './reload-log.ts'
import { Terminal } from './terminal.ts'

/** Runs until a signal comes, or both ends are over. @throws DiagnosticError */
export async function runChardev(
  verb: 'listen' | 'connect',
  options: ChardevCommandOptions,
): Promise<void> {
  const terminal = new Terminal({ quiet: options.quiet ?? false, isService: true })
  const [chardev, other] = readDefinitions(verb, options)
  const objects = await loadObjects(options, terminal)
  const ending = new ServiceEnding()
  const registry = new ChardevRegistry(contextOf(options, objects, terminal, ending))
  let failure: unknown
  const start = async (): Promise<readonly string[]> => {
    const places = [await registry.add(chardev), await registry.add(other)]
    registry
      .join(chardev.id, other.id)
      .ended.catch((error) => {
        failure = error
      })
      .finally(() => ending.begin())
    return [places[0] ?? placeOf(chardev), places[1] ?? placeOf(other)]
  }
  await runService({
    ...{ objects, ending, pidFile: options.pidFile, start },
    announce: (places) => announce(places, { chardev, other, options, terminal }),
    tellReload: (report) => logReload(report, options, terminal),
    drain: (limit) => registry.close(limit),
  })
  if (failure !== undefined) throw failure
}

/** Of an end that has no place of its own to tell: where a socket connects to, or the kind of the back-end. */
function placeOf(definition: ChardevDefinition): string {
  return definition.backend === 'socket'
    ? printChardevAddress(definition.address)
    : definition.backend
}

function readDefinitions(
  verb: 'listen' | 'connect',
  { chardev: text, to }: ChardevCommandOptions,
): readonly [ChardevDefinition, ChardevDefinition] {
  const isServer = verb === 'listen'
  const chardev = parseChardev(text, { id: 'chardev0', isServer })
  if (chardev.backend !== 'socket' || chardev.isServer !== isServer) {
    const hint = isServer ? 'leave server=off out' : 'cryptopolicy chardev listen listens'
    const what = `chardev ${verb} needs a socket that ${isServer ? 'listens' : 'connects'} in --chardev`
    fail(CLI_KINDS.missingOption, { what, hint })
  }
  const other = parseChardev(to, { name: '--to', id: 'to0' })
  if (other.id !== chardev.id) return [chardev, other]
  return fail(CLI_KINDS.conflictingOptions, { first: `id=${chardev.id}`, second: `id=${other.id}` })
}

/** What a guest says and is told is of concern to the user alone who runs this. */
const SOCKET_MODE = 0o600

const CLIENTS = 1_024

/** As telnet and virsh have it: Ctrl-]. */
const ESCAPE = 0x1d

function contextOf(
  options: ChardevCommandOptions,
  objects: TlsObjects,
  terminal: Terminal,
  ending: ServiceEnding,
): ChardevContext {
  const { handshakeLimit, clients, socketMode, escape: key = ESCAPE, ignoreEof } = options
  return {
    objects,
    handshakeLimit,
    clientLimit: clients ?? CLIENTS,
    socketMode: socketMode ?? SOCKET_MODE,
    tell: (event) => logEvent(event, options, terminal),
    terminal: {
      escape: key === 'none' ? undefined : key,
      onEscape: () => ending.ask(),
      isEndKept: ignoreEof ?? false,
    },
  }
}

type Announced = {
  readonly chardev: ChardevDefinition
  readonly other: ChardevDefinition
  readonly options: ChardevCommandOptions
  readonly terminal: Terminal
}

function announce(
  places: readonly string[],
  { chardev, other, options, terminal }: Announced,
): void {
  for (const [index, definition] of [chardev, other].entries()) {
    clearWarnings(definition, places[index] ?? '').forEach(terminal.report)
  }
  const key = options.escape ?? ESCAPE
  if (other.backend === 'stdio' && process.stdin.isTTY && key !== 'none') {
    terminal.note(`^${String.fromCharCode(key + 0x40)} ends it`)
  }
  // Programs that wait for this line wait for it under --quiet too.
  terminal.warn(`ready: ${places.join(' <-> ')}`)
}

function logEvent(event: ChardevEvent, { log }: ChardevCommandOptions, terminal: Terminal): void {
  const isError = event.event === 'refused' || event.event === 'noticed'
  if (terminal.options.quiet && !isError) return
  terminal.warn(log === 'json' ? chardevEventToJson(event, new Date()) : printChardevEvent(event))
}
