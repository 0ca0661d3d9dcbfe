/** What the monitor says of its release: that of QEMU whose commands it has, and that of this program. */
import { PROGRAM_VERSION } from '../diagnostics/program-version.ts'
import type { JsonObject } from './protocol/json-value.ts'

/** Its commands, errors and keys are the model. */
const QEMU_RELEASE = { micro: 0n, minor: 2n, major: 7n }

/** As QEMU's monitor tells its own: in the greeting and by `query-version`. */
export const MONITOR_VERSION: JsonObject = {
  qemu: QEMU_RELEASE,
  package: `cryptopolicy ${PROGRAM_VERSION}`,
}
