import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A test that hangs is to end at last. Nothing that works comes near it, on a busy machine either.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 240_000, interval: 10 } },
    // A test starts programs, and to start one copies the tables of all memory of the process: that of a
    // single file is small, that of all threads together is large, and the other threads wait meanwhile.
    pool: 'forks',
    // Most tests wait for other programs.
    maxWorkers: '150%',
  },
})
