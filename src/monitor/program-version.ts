/** The release of this program, and that of QEMU whose commands it has. */
import manifest from '../../package.json' with { type: 'json' }
import type { JsonObject } from './protocol/json-value.ts'

/** Of this program. */
export const PROGRAM_VERSION: string = manifest.version

/** Its commands, errors and keys are the model. */
const QEMU_RELEASE = { micro: 0n, minor: 2n, major: 7n }

/** As QEMU's monitor tells its own: in the greeting and by `query-version`. */
export const MONITOR_VERSION: JsonObject = {
  qemu: QEMU_RELEASE,
  package: `cryptopolicy ${PROGRAM_VERSION}`,
}
