import { describe, expect, test } from 'vitest'
import { Random } from '../priority/random-priorities.ts'
import { SEED } from '../seed.ts'
import { tryString, usableCase } from './prober/try-string.ts'

const STRINGS = 12

describe('endpoints of random strings', () => {
  const random = new Random(SEED)
  const cases = Array.from({ length: STRINGS }, () => usableCase(random))

  test.each(cases)('negotiate what $priority allows, all of it and no more', async (drawn) => {
    const findings = await tryString(drawn)
    const clean = findings.map((finding) => ({ ...finding, looser: [], missing: [] }))
    expect(findings, `seed ${SEED}, config ${drawn.config}`).toEqual(clean)
  })
})
