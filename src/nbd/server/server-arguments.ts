/** Checks of what programs hand to an NBD server. */
import { objectOf, optional, optionsOf } from '../../arguments/objects.ts'
import {
  integerWithin,
  requireFunction,
  requireInstance,
  requireOneOf,
  requireSeconds,
} from '../../arguments/single-values.ts'
import { TLS_MODES } from '../../endpoint/tls-mode.ts'
import { Traffic } from '../../endpoint/traffic.ts'
import { ExportRegistry } from '../exports/export-registry.ts'

const requireCount = optional(integerWithin(0))

const SERVER_OPTIONS = {
  exports: (value: unknown, name: string) => requireInstance(value, name, ExportRegistry),
  security: objectOf({
    tlsMode: (value: unknown, name: string) => requireOneOf(value, TLS_MODES, name),
    secure: requireFunction,
  }),
  connectionLimit: requireCount,
  memoryLimit: requireCount,
  handshakeLimit: optional(requireSeconds),
  idleLimit: optional(requireSeconds),
  onEvent: optional(requireFunction),
  traffic: optional((value: unknown, name: string) => requireInstance(value, name, Traffic)),
  onDeserted: optional(requireFunction),
}

export const checkServerOptions = optionsOf(SERVER_OPTIONS)
