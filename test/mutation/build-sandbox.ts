/** Builds a copy of the sources, which users that tests change to may read: they load some files later. */
import { chmodSync } from 'node:fs'

chmodSync('.', 0o755)
await import('../../build.ts')
