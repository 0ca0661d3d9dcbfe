/** What happens in a host and its users may want to know: each event has QEMU's name where QEMU has one. */
import type { JsonObject } from '../protocol/json-value.ts'

export type HostEvent = { readonly name: string; readonly data?: JsonObject }

export type HostEventListener = (event: HostEvent) => void

export class HostEvents {
  readonly #listeners = new Set<HostEventListener>()

  /** @returns what ends it. */
  subscribe(listener: HostEventListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  emit(name: string, data?: JsonObject): void {
    for (const listener of this.#listeners) listener({ name, ...(data ? { data } : {}) })
  }
}
