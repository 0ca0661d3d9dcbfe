/** The tests that mutation testing was asked to run. See mutate.ts. */
import { defineConfig, mergeConfig } from 'vitest/config'
import ours from '../../vitest.config.ts'

const include: readonly string[] = JSON.parse(process.env.MUTATION_TESTS ?? '[]')

// Without the projects, each of which names its own tests, and without what is to be undone after a run: runs are killed.
// Nor are changed sources kept.
const { projects: _, globalSetup: __, fsModuleCache: ___, ...settings } = ours.test ?? {}

export default mergeConfig(
  { ...ours, test: settings },
  defineConfig({ test: { include: [...include] } }),
)
