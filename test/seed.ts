/**
 * The seed of all tests that draw at random: one and the same, so that a test that passes once always
 * does. `TEST_SEED=N npx vitest run` tries others, as the soak scripts do on their own.
 */
import fc from 'fast-check'

export const SEED = Number(process.env.TEST_SEED ?? 4)

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: SEED })

export { fc }
