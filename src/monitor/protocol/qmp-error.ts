/** An error of a command, as a QMP client gets it. */

/** Clients tell errors apart by these; each has its reason in QEMU's schema (QapiErrorClass). */
export type ErrorClass =
  | 'GenericError'
  | 'CommandNotFound'
  | 'DeviceNotActive'
  | 'DeviceNotFound'
  | 'KVMMissingCap'

export class QmpError extends Error {
  readonly errorClass: ErrorClass

  /** @param description For people. */
  constructor(description: string, errorClass: ErrorClass = 'GenericError') {
    super(description)
    this.name = 'QmpError'
    this.errorClass = errorClass
  }
}

/** @throws QmpError */
export function refuseCommand(description: string, errorClass?: ErrorClass): never {
  throw new QmpError(description, errorClass)
}
