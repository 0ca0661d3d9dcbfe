/** Thrown where bytes are no JSON. */

/** The message is QEMU's. */
export class JsonError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'JsonError'
  }
}

/** @throws JsonError */
export function refuseJson(what: string): never {
  throw new JsonError(`JSON parse error, ${what}`)
}
