/** Keeps nothing: a migration that is checked and measured, and goes to /dev/null. */
import type { ChannelWriter, MigrationStore } from './migration-store.ts'

const NOTHING_KEPT: ChannelWriter = { write: async () => {}, sha256: undefined }

export class NullStore implements MigrationStore {
  readonly path = '/dev/null'

  async open(): Promise<ChannelWriter> {
    return NOTHING_KEPT
  }

  fileOf(): undefined {
    return undefined
  }

  async publish(): Promise<void> {}

  async discard(): Promise<void> {}
}
