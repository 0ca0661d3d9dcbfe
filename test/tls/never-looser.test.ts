import { describe, expect, test } from 'vitest'
import { Random } from '../priority/random-priorities.ts'
import { tryString, usableCase } from './prober/try-string.ts'

const STRINGS = 12
const seed = Date.now() % 2 ** 31

describe(`endpoints of random strings (seed ${seed})`, () => {
  const random = new Random(seed)
  const cases = Array.from({ length: STRINGS }, () => usableCase(random))

  test.each(cases)('negotiate what $priority allows, all of it and no more', async (drawn) => {
    const findings = await tryString(drawn)
    const clean = findings.map((finding) => ({ ...finding, looser: [], missing: [] }))
    expect(findings, `seed ${seed}, config ${drawn.config}`).toEqual(clean)
  })
})
