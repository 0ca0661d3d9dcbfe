import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'
import { LONG_FILES } from './test/long-files.ts'
import { LongFilesFirst } from './test/long-files-first.ts'

/** Tests that leave their process as it was. */
const SHARING = [
  'algorithms',
  'asn1',
  'audit/compare',
  'audit/connection',
  'audit/conversation',
  'audit/evidence',
  'audit/key-schedule',
  'audit/messages',
  'audit/probes',
  'audit/scan',
  'audit/ssh',
  'audit/upgrades',
  'backends',
  'cache',
  'chardev',
  'diagnostics',
  'endpoint',
  'files',
  'migration',
  'monitor',
  'nbd',
  'net',
  'options',
  'pki',
  'policy',
  'priority',
  'report',
  'system',
  'tls',
  'transfer',
  'wire',
  'x509',
].map((folder) => `test/${folder}/**/*.test.ts`)

/**
 * Of these folders, what depends on what its process did before. A module that a test replaces must not be loaded
 * there yet.
 */
const APART = [
  'files/last-acts',
  'migration/send/bandwidth',
  'tls/handshake',
  'tls/unnoticed-status-request',
].map((file) => `test/${file}.test.ts`)

/** What `npm test` leaves out: see test/long-files.ts. */
const LONG = ['test/interop/**/*.test.ts', ...LONG_FILES]

const exclude = [...configDefaults.exclude, ...LONG]

export default defineConfig({
  test: {
    // A test that hangs is to end at last. Nothing that works comes near it, on a busy machine either.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 300_000,
    expect: { poll: { timeout: 240_000, interval: 10 } },
    // A test starts programs, and to start one copies the tables of all memory of the process: that of a
    // single file is small, that of all threads together is large, and the other threads wait meanwhile.
    pool: 'forks',
    // Most tests wait for programs or limits most of the time: others run meanwhile.
    maxWorkers: 2 * availableParallelism(),
    // To strip the types of all sources takes a sixth of the run of a small folder: what has not changed is kept.
    fsModuleCache: true,
    globalSetup: join(import.meta.dirname, 'test/fast-starts.ts'),
    sequence: { sequencer: LongFilesFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'sharing',
          include: SHARING,
          exclude: [...exclude, ...APART],
          // To start a process and load the sources takes longer than most of these tests.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'apart', include: APART } },
      { extends: true, test: { name: 'long', include: LONG } },
      {
        extends: true,
        test: {
          name: 'processes',
          include: ['test/**/*.test.ts'],
          exclude: [...exclude, ...SHARING],
        },
      },
    ],
  },
})
