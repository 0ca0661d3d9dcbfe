/** Checks of what programs hand to an NBD server. */
import { objectOf, optionalChecked, optionsOf } from '../../arguments/objects.ts'
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

const requireCount = optionalChecked(integerWithin(0))

const SERVER_OPTIONS = {
  exports: (value: unknown, name: string) => requireInstance(value, name, ExportRegistry),
  security: objectOf({
    tlsMode: (value: unknown, name: string) => requireOneOf(value, TLS_MODES, name),
    secure: requireFunction,
  }),
  connectionLimit: requireCount,
  memoryLimit: requireCount,
  handshakeLimit: optionalChecked(requireSeconds),
  idleLimit: optionalChecked(requireSeconds),
  onEvent: optionalChecked(requireFunction),
  traffic: optionalChecked((value: unknown, name: string) => requireInstance(value, name, Traffic)),
  onDeserted: optionalChecked(requireFunction),
}

export const checkServerOptions = optionsOf(SERVER_OPTIONS)
