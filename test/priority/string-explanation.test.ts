import { describe, expect, it } from 'vitest'
import { formatLocation } from '../../src/diagnostics/source.ts'
import {
  type Explanation,
  explainPriority,
  type Step,
} from '../../src/priority/string-explanation.ts'
import { parseSystemConfig } from '../../src/priority/system-config.ts'

const config = parseSystemConfig({
  name: 'gnutls.config',
  text: '[overrides]\ntls-disabled-cipher = AES-128-GCM\n[priorities]\nSYSTEM = NORMAL:-RSA\n',
})

function explain(text: string): Explanation {
  return explainPriority({ name: 'command line', text }, { config })
}

function step(text: string, index: number): Step {
  return explain(text).steps[index] as Step
}

describe('each token', () => {
  it.each([
    ['NONE:+RSA:+VERS-TLS1.2', 0, 'empty lists'],
    ['NORMAL', 0, 'level'],
    ['NORMAL:+AES-128-CBC', 1, 'cipher'],
    ['NORMAL:+AEAD', 1, 'MAC'],
    ['NORMAL:-VERS-TLS-ALL', 1, 'set of protocols'],
    ['NORMAL:+CTYPE-RAWPK', 1, 'certificate type'],
    ['NORMAL:%COMPAT', 1, 'option'],
    ['NORMAL:%NEW_PADDING', 1, 'ignored'],
    ['NORMAL:+COMP-NULL', 1, 'ignored'],
    ['NORMAL:+NONSENSE', 1, 'unknown'],
  ])('of %j, number %i, is called %s', (text, index, what) => {
    expect(step(text, index).what).toBe(what)
  })

  it('says what it added, what it removed and what is left', () => {
    expect(step('NORMAL:-VERS-TLS-ALL:+VERS-TLS1.2', 1)).toMatchObject({
      effects: [
        { list: 'protocols', added: [], removed: ['TLS1.3', 'TLS1.2', 'TLS1.1', 'TLS1.0'] },
      ],
      left: { protocols: 2, ciphers: 7 },
    })
  })

  it('says which settings it changed', () => {
    const { options, profile } = step('NORMAL:%NO_TICKETS', 1)
    expect(options).toEqual([{ option: 'tickets', from: true, to: false }])
    expect(profile).toBeUndefined()
    expect(step('NORMAL:%PROFILE_ULTRA', 1).profile).toBe('ULTRA')
  })

  it('has no effect where the item is there already', () => {
    expect(step('NORMAL:+RSA', 1).effects).toEqual([])
  })

  it('says where it is written', () => {
    const { steps } = explain('@SYSTEM:+PSK')
    expect(steps.map(({ token, span }) => [token.text, formatLocation(span)])).toEqual([
      ['NORMAL', 'gnutls.config:4:10'],
      ['-RSA', 'gnutls.config:4:17'],
      ['+PSK', 'command line:1:9'],
    ])
  })
})

describe('the explanation', () => {
  it('begins with what the lists hold before the first token', () => {
    expect(explain('NORMAL').start.map(({ list }) => list)).toContain('protocols')
    expect(explain('NONE:+NORMAL').start).toEqual([])
  })

  it('ends at the token that is unknown', () => {
    expect(explain('NORMAL:+NONSENSE:+RSA').steps).toHaveLength(2)
  })

  it('ends with what the configuration forbids', () => {
    const [adjustment] = explain('NORMAL').adjustments
    expect(adjustment).toMatchObject({
      reason: 'forbidden by the configuration',
      list: 'ciphers',
      removed: ['AES-128-GCM'],
      prohibitions: [{ key: 'tls-disabled-cipher' }],
    })
  })

  it('has no steps where no keyword is found', () => {
    expect(explain('@NOWHERE')).toMatchObject({ resolution: undefined, steps: [] })
  })
})
