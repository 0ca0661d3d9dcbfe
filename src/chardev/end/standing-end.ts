/** An end that is there all the time, whatever comes to the other one: a terminal, a file, memory. */
import type { Duplex } from 'node:stream'
import { fail } from '../../diagnostics/diagnostic.ts'
import { CHARDEV_KINDS } from '../chardev-diagnostics.ts'
import type { ChardevDefinition } from '../definition/chardev-definition.ts'
import { chardevFilename } from '../definition/filename.ts'
import type { ChardevEnd, EndSession } from './chardev-end.ts'

/** What stands behind such an end. */
export type Standing = {
  /** What people call it. */
  readonly place: string
  /** A stream for one session; what it was opened over stays when it is destroyed. */
  readonly attach: () => Duplex
  readonly close: () => void
  /** Whether what is read of it may end, as standard input does. */
  readonly canEnd?: boolean
}

export class StandingEnd implements ChardevEnd {
  readonly definition: ChardevDefinition
  readonly isLasting = true
  readonly #openStanding: () => Standing
  #standing: Standing | undefined

  /** @param openStanding Throws a DiagnosticError where it cannot be opened. */
  constructor(definition: ChardevDefinition, openStanding: () => Standing) {
    this.definition = definition
    this.#openStanding = openStanding
  }

  async start(): Promise<string> {
    this.#standing = this.#openStanding()
    return this.#standing.place
  }

  async open(): Promise<EndSession> {
    const { id } = this.definition
    const what = `chardev ${id}`
    const {
      place,
      attach,
      canEnd = false,
    } = this.#standing ?? fail(CHARDEV_KINDS.unusable, { what, reason: 'it is closed' })
    const stream = attach()
    stream.on('error', () => {})
    const finish = async () => void stream.destroy()
    return { stream, place, isStanding: true, canEnd, finish }
  }

  filename(): string {
    return chardevFilename(this.definition, { device: this.#standing?.place })
  }

  async close(): Promise<void> {
    this.#standing?.close()
    this.#standing = undefined
  }
}
