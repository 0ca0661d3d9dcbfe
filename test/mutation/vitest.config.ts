/** The tests that mutation testing was asked to run. See mutate.ts. */
import { defineConfig, mergeConfig } from 'vitest/config'
import ours from '../../vitest.config.ts'

const include: readonly string[] = JSON.parse(process.env.MUTATION_TESTS ?? '[]')

export default mergeConfig(
  { ...ours, test: { ...ours.test, include: [] } },
  defineConfig({ test: { include: [...include] } }),
)
