/** What the source asks within its main channel, and what it is answered on the return path. */
import type { Duplex } from 'node:stream'
import { fail } from '../../diagnostics/diagnostic.ts'
import type { MigrationCommand, StreamEvent } from '../stream/events.ts'
import { encodePong, encodeShut, encodeSwitchoverAck } from '../stream/return-path.ts'
import { RECEIVE_KINDS } from './receive-diagnostics.ts'

/** What SHUT says. */
const WHOLE = 0
const FAILED = 1

export type DialogueOptions = {
  /** Whether this side sent session tickets: see RETURN_PATH_REQUIRED. */
  readonly sentTickets: boolean
  /** The source has the capability switchover-ack: it waits for an answer before its guest stops. */
  readonly switchoverAck: boolean
  /** The blocks of the guest are known. */
  readonly onSetup: () => void
}

export class SourceDialogue {
  readonly #stream: Duplex
  readonly #options: DialogueOptions
  #hasReturnPath = false
  #machine = ''

  constructor(stream: Duplex, options: DialogueOptions) {
    this.#stream = stream
    this.#options = options
  }

  /** Whether the source waits for answers. */
  get hasReturnPath(): boolean {
    return this.#hasReturnPath
  }

  /** @throws DiagnosticError where the guest cannot be received. */
  readonly handle = (event: StreamEvent): void => {
    if (event.type === 'configuration') this.#machine = event.configuration.machine
    else if (event.type === 'command') this.#answer(event)
    else if (event.type === 'ram-setup') this.#beginMemory()
  }

  /** The guest is stored: the source may forget it. */
  tellWhole(): void {
    if (this.#hasReturnPath) this.#stream.write(encodeShut(WHOLE))
  }

  /** The guest is not stored: the source has to keep it. */
  tellFailed(): void {
    if (this.#hasReturnPath && this.#stream.writable) this.#stream.write(encodeShut(FAILED))
  }

  #beginMemory(): void {
    const { sentTickets, onSetup } = this.#options
    if (sentTickets && !this.#hasReturnPath) fail(RECEIVE_KINDS.returnPathRequired, {})
    onSetup()
  }

  #answer({ command, offset, value = 0 }: MigrationCommand): void {
    if (command === 'POSTCOPY_ADVISE') fail(RECEIVE_KINDS.postcopyRefused, { offset })
    if (command === 'ENABLE_COLO') fail(RECEIVE_KINDS.coloRefused, { offset })
    if (command === 'OPEN_RETURN_PATH') this.#openReturnPath()
    if (command === 'PING' && this.#hasReturnPath) this.#stream.write(encodePong(value))
  }

  #openReturnPath(): void {
    this.#hasReturnPath = true
    const { switchoverAck } = this.#options
    if (switchoverAck && expectsSwitchoverAck(this.#machine)) {
      // As a destination without devices that have to be ready: at once.
      this.#stream.write(encodeSwitchoverAck())
    }
  }
}

/**
 * Whether a source with the capability switchover-ack waits for an answer though no device asks for one. From
 * the machine types of 11.1 on, it counts the devices that do, and fails where an answer comes that none asked for.
 */
function expectsSwitchoverAck(machine: string): boolean {
  const [, major, minor] = /-(\d+)\.(\d+)$/.exec(machine) ?? []
  if (major === undefined) return true
  return Number(major) < 11 || (Number(major) === 11 && Number(minor) < 1)
}
