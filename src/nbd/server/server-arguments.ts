/** Checks of what programs hand to an NBD server. */
import { objectOf, optional, optionsOf } from '../../arguments/objects.ts'
import {
  integerWithin,
  requireFunction,
  requireOneOf,
  requireSeconds,
} from '../../arguments/single-values.ts'
import { TLS_MODES } from '../../endpoint/tls-mode.ts'
import { checkExports } from '../exports/export-arguments.ts'

const requireCount = optional(integerWithin(0))

const SERVER_OPTIONS = {
  offer: objectOf({
    exports: checkExports,
    tlsMode: (value: unknown, name: string) => requireOneOf(value, TLS_MODES, name),
    secure: requireFunction,
  }),
  connectionLimit: requireCount,
  memoryLimit: requireCount,
  handshakeLimit: optional(requireSeconds),
  idleLimit: optional(requireSeconds),
  onEvent: optional(requireFunction),
  onDeserted: optional(requireFunction),
}

export const checkServerOptions = optionsOf(SERVER_OPTIONS)
