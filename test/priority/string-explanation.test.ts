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

describe('a token', () => {
  it.each([
    ['+GROUP-X25519', 'group'],
    ['+SIGN-RSA-SHA256', 'signature algorithm'],
    ['+VERS-TLS1.2', 'protocol'],
    ['+RSA', 'key exchange'],
    ['+CTYPE-CLI-X509', 'client certificate type'],
    ['+CTYPE-SRV-X509', 'server certificate type'],
    ['+CTYPE-ALL', 'set of client certificate types, server certificate types'],
    ['+GOST', 'set of groups, signature algorithms, MACs, ciphers, key exchanges'],
    ['+PFS', 'level'],
    ['%PROFILE_HIGH', 'option'],
    ['%STATELESS_COMPRESSION', 'ignored'],
    ['%NONSENSE', 'unknown'],
    ['', 'unknown'],
  ])('%j is called %s', (token, what) => {
    expect(step(`NORMAL:${token}`, 1).what).toBe(what)
  })

  it('of a curve that the configuration disables is unknown, and the last', () => {
    const text = '[overrides]\ndisabled-curve = X25519\n'
    const disabled = parseSystemConfig({ name: 'gnutls.config', text })
    const given = { name: 'x', text: 'NORMAL:-CURVE-X25519:+RSA' }
    const { steps, adjustments } = explainPriority(given, { config: disabled })
    expect(steps.map(({ what }) => what)).toEqual(['level', 'unknown'])
    expect(steps[1]).toMatchObject({ instruction: { kind: 'unknown' }, effects: [] })
    expect(adjustments).toEqual([])
  })

  it('tells the profile only where it changes it', () => {
    expect(step('NORMAL', 0).profile).toBe('LOW')
    expect('profile' in step('NORMAL:+RSA', 1)).toBe(false)
    expect('profile' in step('NORMAL:%PROFILE_LOW', 1)).toBe(false)
  })

  it('counts what every list holds after it', () => {
    expect(step('NONE:+RSA:+CTYPE-X509', 1).left).toEqual({
      protocols: 0,
      ciphers: 0,
      macs: 0,
      keyExchanges: 1,
      groups: 0,
      signatures: 0,
      clientCertificates: 0,
      serverCertificates: 0,
    })
    expect(step('NONE:+RSA:+CTYPE-X509', 2).left).toMatchObject({
      clientCertificates: 1,
      serverCertificates: 1,
    })
  })

  it('that leaves nothing is followed by what GnuTLS takes away', () => {
    const { adjustments, outcome } = explain('NONE:+VERS-TLS1.2:+RSA:+AES-128-GCM:+AEAD')
    expect(outcome.ok).toBe(false)
    expect(adjustments).toMatchObject([
      { list: 'ciphers', removed: ['AES-128-GCM'] },
      { reason: 'no signature algorithm is left', removed: ['TLS1.2'] },
    ])
  })
})
