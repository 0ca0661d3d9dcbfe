import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A test that hangs is to end at last. Nothing that works comes near it, on a busy machine either.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 240_000, interval: 10 } },
    pool: 'threads',
    // Most tests wait for other programs.
    maxWorkers: '100%',
  },
})
