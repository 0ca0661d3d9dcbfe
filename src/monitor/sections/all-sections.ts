/** The sections of an endpoint file, in the order in which their entries are started. */

import { CHARDEVS_SECTION } from './chardevs.ts'
import { EXPORTS_SECTION } from './exports.ts'
import { METRICS_SECTION } from './metrics.ts'
import { MONITORS_SECTION } from './monitors.ts'
import { NBD_SECTION } from './nbd.ts'
import { RECEIVERS_SECTION } from './receivers.ts'
import { RELAYS_SECTION } from './relays.ts'
import type { FileSection } from './section.ts'

export const FILE_SECTIONS: readonly FileSection[] = [
  NBD_SECTION,
  EXPORTS_SECTION,
  CHARDEVS_SECTION,
  RELAYS_SECTION,
  RECEIVERS_SECTION,
  MONITORS_SECTION,
  METRICS_SECTION,
]
