/** What is told of a priority string: its tokens, a verdict, where it was looked up, what differs. */
import { describe, expect, test } from 'vitest'
import { evaluatePriority } from '../../src/priority/evaluate.ts'
import { diffOutcomes } from '../../src/priority/evaluation-difference.ts'
import { traceKeywords } from '../../src/priority/resolution-chain.ts'
import { isResolved, resolvePriority } from '../../src/priority/resolve.ts'
import { explainPriority } from '../../src/priority/string-explanation.ts'
import {
  absentConfig,
  NO_CONFIG,
  parseSystemConfig,
  type SystemConfig,
} from '../../src/priority/system-config.ts'
import { type AskedAlgorithm, findVerdict } from '../../src/priority/verdict.ts'
import { evaluationToJson } from '../../src/report/evaluation.ts'
import {
  printPriorityComparison,
  priorityComparisonToJson,
} from '../../src/report/priority-comparison.ts'
import {
  printPriorityExplanation,
  priorityExplanationToJson,
} from '../../src/report/priority-explanation.ts'
import { printVerdict, verdictToJson } from '../../src/report/priority-verdict.ts'
import { printChain, resolutionToJson, resolvedToJson } from '../../src/report/resolution.ts'

const CONFIG = parseSystemConfig({
  name: 'gnutls.conf',
  text: '[priorities]\nSYSTEM = NORMAL:-VERS-TLS1.1\n[overrides]\ntls-disabled-group = group-x25519\n',
})

const ALLOWLIST = parseSystemConfig({
  name: 'allow.conf',
  text: '[global]\noverride-mode = allowlist\n[overrides]\ntls-enabled-group = secp256r1\n',
})

const text = (string: string) => ({ name: '<string>', text: string })

/** Two parts of what there is, and a second string that differs from it in each kind of thing. */
const SMALL =
  'NONE:+VERS-TLS1.3:+AES-128-GCM:+AEAD:+GROUP-X25519:+GROUP-SECP256R1:+SIGN-RSA-PSS-RSAE-SHA256'

describe('every token of a string has a row', () => {
  const rows = (string: string, config: SystemConfig, options = {}) =>
    printPriorityExplanation(explainPriority(text(string), { config }), config, options).map(
      (row) => row.replaceAll(/ {2,}/g, ' | '),
    )

  test('with what it is, where it stands, what it changed and what is left', () => {
    expect(rows(`${SMALL}:%COMPAT`, NO_CONFIG)).toEqual([
      'the newest GnuTLS, configuration <no configuration> (not there)',
      'TOKEN | WHAT | WHERE | CHANGE | LEFT',
      'NONE | empty lists | <string>:1:1 | nothing',
      '+VERS-TLS1.3 | protocol | <string>:1:6 | + TLS1.3 | 1 protocol',
      '+AES-128-GCM | cipher | <string>:1:19 | + AES-128-GCM | 1 cipher',
      '+AEAD | MAC | <string>:1:32 | + AEAD | 1 MAC',
      '+GROUP-X25519 | group | <string>:1:38 | + X25519 | 1 group',
      '+GROUP-SECP256R1 | group | <string>:1:52 | + SECP256R1 | 2 groups',
      '+SIGN-RSA-PSS-RSAE-SHA256 | signature algorithm | <string>:1:69 | + RSA-PSS-RSAE-SHA256 | 1 signature algorithm',
      expect.stringMatching(
        /^%COMPAT \| option \| <string>:1:95 \| encryptThenMac false; .*; keyUsageViolations true$/,
      ),
      'allows 1 cipher suite, 1 protocol, 2 groups, 1 signature algorithm',
    ])
  })

  test('what the configuration does to it is told too', () => {
    const told = rows('@SYSTEM:-SHA1:%PROFILE_HIGH', CONFIG)
    expect(told.slice(0, 2)).toEqual([
      'the newest GnuTLS, configuration gnutls.conf (blocklist)',
      '@SYSTEM:-SHA1:%PROFILE_HIGH is SYSTEM of priorities',
    ])
    expect(told).toContain(
      '(start) | default | + 6 protocols, + 10 groups, + 22 signature algorithms',
    )
    expect(told).toContain('%PROFILE_HIGH | option | <string>:1:15 | profile HIGH')
    expect(told).toContain('-VERS-TLS1.1 | protocol | gnutls.conf:2:17 | - TLS1.1 | 5 protocols')
    expect(told).toContain('(end) | GnuTLS itself | - X25519: forbidden by the configuration')
  })

  test('three names are shown, of more their number, and all where that is asked for', () => {
    const string = 'NONE:+VERS-TLS1.3:+AES-128-GCM:+AEAD:+GROUP-FFDHE2048:+GROUP-ALL'
    const three = 'NONE:+GROUP-EC-ALL:-GROUP-X448:-GROUP-X25519'
    const change = (row: string | undefined) => row?.split(' | ')[3]
    const find = (told: readonly string[], token: string) =>
      told.find((row) => row.startsWith(token))
    expect(change(find(rows(string, NO_CONFIG), '+GROUP-ALL'))).toMatch(/^\+ \d+ groups$/)
    const all = change(find(rows(string, NO_CONFIG, { all: true }), '+GROUP-ALL'))
    expect(all).toContain('X25519 X448')
    expect(change(find(rows(three, NO_CONFIG), '-GROUP-X448'))).toBe('- X448')
    const versions = rows('NONE:+VERS-TLS1.3:+VERS-TLS-ALL', NO_CONFIG)
    expect(change(find(versions, '+VERS-TLS-ALL'))).toBe('+ TLS1.2 TLS1.1 TLS1.0')
    const [, , start = ''] = rows('NORMAL', NO_CONFIG, { all: true })
    expect(start).toMatch(
      /^\(start\) \| default \| \+ TLS1\.3 TLS1\.2 TLS1\.1 TLS1\.0 DTLS1\.2 DTLS1\.0,/,
    )
    expect(start).not.toContain('X.509')
    const normal = rows('NORMAL:+CTYPE-SRV-RAWPK', NO_CONFIG)
    expect(change(find(normal, '+CTYPE'))).toMatch(/^\+ /)
  })

  test('a string that GnuTLS refuses says so', () => {
    expect(rows('NORMAL:+FOO', NO_CONFIG).slice(-2)).toEqual([
      '+FOO | unknown | <string>:1:8 | nothing',
      'GnuTLS refuses the string',
    ])
    expect(rows('@NOSUCH', CONFIG)[0]).toBe(
      'the newest GnuTLS, configuration gnutls.conf (blocklist)',
    )
    expect(rows('@SYSTEM', ALLOWLIST)[1]).toBe('@SYSTEM is SYSTEM of the overrides')
    const byDefault = explainPriority(undefined, { config: CONFIG })
    expect(printPriorityExplanation(byDefault, CONFIG)[1]).toBe(
      'NORMAL is the default of library default',
    )
  })

  test('as data it has the same', () => {
    const json = (string: string, config: SystemConfig) =>
      priorityExplanationToJson(explainPriority(text(string), { config }), config)
    expect(json('@SYSTEM', CONFIG)).toMatchObject({
      ...{ release: 'newest', config: 'gnutls.conf', mode: 'blocklist', usable: true },
      resolved: {
        ...{ given: '@SYSTEM', text: 'NORMAL:-VERS-TLS1.1', origin: 'priorities', key: 'SYSTEM' },
        location: { file: 'gnutls.conf', line: 2, column: 10 },
      },
      steps: [
        { token: 'NORMAL', location: { file: 'gnutls.conf', line: 2, column: 10 } },
        { token: '-VERS-TLS1.1', what: 'protocol', location: { line: 2, column: 17 } },
      ],
      adjustments: [
        { list: 'groups', removed: ['X25519'], reason: 'forbidden by the configuration' },
      ],
    })
    expect(json('@SYSTEM', CONFIG)).not.toHaveProperty('adjustments.0.prohibitions')
    expect(json('@NOSUCH', NO_CONFIG)).toMatchObject({
      resolved: null,
      config: null,
      usable: false,
    })
    expect(json('@SYSTEM', ALLOWLIST)).toMatchObject({ mode: 'allowlist' })
  })
})

describe('a verdict', () => {
  const verdict = (
    string: string,
    kind: AskedAlgorithm['kind'],
    name: string,
    config = NO_CONFIG,
  ) => {
    const found = findVerdict(text(string), { kind, name }, { config })
    if (!found) throw new Error(`there is no ${name}`)
    return found
  }

  test('names the part that decided', () => {
    expect(printVerdict(verdict('NORMAL:-VERS-TLS1.3', 'protocol', 'VERS-TLS1.3'))).toEqual([
      'TLS1.3 is not allowed: token -VERS-TLS1.3 at <string>:1:8',
      '>  lacks  protocols  TLS1.3  token -VERS-TLS1.3 at <string>:1:8',
    ])
    expect(printVerdict(verdict('NORMAL', 'suite', 'TLS_AES_128_GCM_SHA256'))).toEqual([
      'TLS_AES_128_GCM_SHA256 is allowed: token NORMAL at <string>:1:1',
      '   has  protocols  TLS1.3       every string starts with it',
      '>  has  ciphers    AES-128-GCM  token NORMAL at <string>:1:1',
      '   has  MACs       AEAD         token NORMAL at <string>:1:1',
    ])
    expect(printVerdict(verdict('NONE:+VERS-TLS1.2', 'suite', 'TLS_AES_128_GCM_SHA256'))).toEqual([
      'TLS_AES_128_GCM_SHA256 is not allowed: no token names it',
      '>  lacks  protocols  TLS1.3       no token names it',
      '   lacks  ciphers    AES-128-GCM  no token names it',
      '   lacks  MACs       AEAD         no token names it',
    ])
  })

  test('names the line of the configuration that forbids it', () => {
    const forbidden = 'forbidden by the configuration by tls-disabled-group at gnutls.conf:4:1'
    const found = verdict('@SYSTEM', 'group', 'X25519', CONFIG)
    expect(printVerdict(found)).toEqual([
      `X25519 is not allowed: ${forbidden}`,
      `>  lacks  groups  X25519  ${forbidden}`,
    ])
    const part = {
      ...{ kind: 'groups', name: 'X25519', present: false, by: 'adjustment', token: null },
      location: { file: 'gnutls.conf', line: 4, column: 1 },
      why: forbidden,
    }
    expect(verdictToJson(found)).toEqual({
      ...{ name: 'X25519', allowed: false, deciding: part, parts: [part] },
    })
  })

  test('says that the string as a whole is refused', () => {
    const [answer] = printVerdict(verdict('NORMAL:+FOO', 'group', 'X448'))
    expect(answer).toBe('X448 is not allowed: GnuTLS refuses the string')
  })

  test('as data it has the token, and null where there is none', () => {
    expect(verdictToJson(verdict('NORMAL', 'group', 'X448'))).toMatchObject({
      deciding: { by: 'start', token: null, location: null, why: 'every string starts with it' },
    })
    expect(verdictToJson(verdict('NORMAL:-GROUP-X448', 'group', 'X448'))).toMatchObject({
      deciding: {
        ...{ by: 'token', token: '-GROUP-X448' },
        location: { file: '<string>', line: 1, column: 8 },
      },
    })
  })
})

describe('the look-up of a string', () => {
  const chain = (string: string, config: SystemConfig) => {
    const links = traceKeywords(resolvePriority(text(string), config), config)
    return printChain(string, links).map((row) => row.replaceAll(/ {2,}/g, ' | '))
  }

  test('tells each keyword, which one has won, and what is appended', () => {
    expect(chain('@NOSUCH,SYSTEM:+SHA1:-AES-128-GCM', CONFIG)).toEqual([
      '@NOSUCH,SYSTEM:+SHA1:-AES-128-GCM is looked up:',
      ' | NOSUCH | gnutls.conf | not in the file',
      '> | SYSTEM | gnutls.conf:2:10 | wins: NORMAL:-VERS-TLS1.1',
      'with :+SHA1:-AES-128-GCM appended',
    ])
    expect(chain('@SYSTEM', CONFIG)).toHaveLength(2)
  })

  test('says why a link is absent, and cuts long strings', () => {
    const at = (links: Parameters<typeof printChain>[1]) => printChain('NORMAL:-A', links)
    expect(at([{ name: 'a', state: 'absent', remark: 'no such file', file: '/etc/x' }])).toEqual([
      'NORMAL:-A is looked up:',
      '   a  /etc/x  no such file',
    ])
    expect(at([{ name: 'a', state: 'absent' }])[1]).toBe('   a    not there')
    const sixty = 'x'.repeat(60)
    expect(at([{ name: 'a', state: 'wins', text: sixty }])[1]).toBe(`>  a    wins: ${sixty}`)
    expect(at([{ name: 'a', state: 'asks', text: `${sixty}x`, remark: 'why' }])[1]).toBe(
      `   a    asks (why): ${'x'.repeat(57)}...`,
    )
    expect(at([{ name: 'a', state: 'passed over' }])[1]).toBe('   a    passed over:')
  })

  test('as data it has every link, with null for what is not there', () => {
    const result = resolvePriority(text('@NOSUCH,SYSTEM'), CONFIG)
    if (!isResolved(result)) throw new Error('it is not resolved')
    const links = traceKeywords(result, CONFIG)
    expect(resolutionToJson(result, links, 'newest')).toEqual({
      resolved: {
        ...{ given: '@NOSUCH,SYSTEM', text: 'NORMAL:-VERS-TLS1.1', origin: 'priorities' },
        key: 'SYSTEM',
        location: { file: 'gnutls.conf', line: 2, column: 10 },
      },
      tried: ['NOSUCH', 'SYSTEM'],
      release: 'newest',
      chain: [
        {
          ...{ name: 'NOSUCH', state: 'absent', text: null, file: 'gnutls.conf' },
          remark: 'not in the file',
          location: null,
        },
        {
          ...{ name: 'SYSTEM', state: 'wins', text: 'NORMAL:-VERS-TLS1.1', remark: null },
          ...{ file: 'gnutls.conf', location: { file: 'gnutls.conf', line: 2, column: 10 } },
        },
      ],
    })
    const given = resolvePriority(text('NORMAL'), CONFIG)
    if (!isResolved(given)) throw new Error('it is not resolved')
    expect(resolvedToJson(given)).toEqual({
      ...{ given: 'NORMAL', text: 'NORMAL', origin: 'given', key: null, location: null },
    })
  })
})

describe('what differs between two strings', () => {
  const SIDES = { first: 'old', second: 'new' }
  const differ = (first: string, second: string) => {
    const [one, other] = [first, second].map((string) => evaluatePriority(text(string)))
    if (!one || !other) throw new Error('unreachable')
    const differences = diffOutcomes(one, other)
    return {
      lines: printPriorityComparison(differences, SIDES),
      json: priorityComparisonToJson(differences, SIDES),
    }
  }
  const causes = { before: null, after: null }

  test('is nothing where both mean the same', () => {
    expect(differ(SMALL, SMALL)).toEqual({
      lines: [],
      json: { before: 'old', after: 'new', groups: [] },
    })
  })

  test('has a heading for each list and each setting', () => {
    const other = `${SMALL.replace('+AES-128-GCM', '+AES-256-GCM')}:%SERVER_PRECEDENCE`
    const { lines, json } = differ(SMALL, other)
    expect(lines).toEqual([
      'suites:',
      '  - TLS_AES_128_GCM_SHA256',
      '  + TLS_AES_256_GCM_SHA384',
      'serverPrecedence:',
      '  false -> true',
    ])
    const [suite, cipher] = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384']
    const changes = [
      { kind: 'disabled', property: 'suites', value: suite, causes },
      { kind: 'enabled', property: 'suites', value: cipher, causes },
      { kind: 'set', property: 'serverPrecedence', before: 'false', after: 'true', causes },
    ]
    expect(json).toEqual({
      ...{ before: 'old', after: 'new' },
      groups: [{ places: [], everywhere: true, changes }],
    })
  })

  test('tells another order', () => {
    const [x, p] = ['+GROUP-X25519', '+GROUP-SECP256R1']
    const { lines, json } = differ(SMALL, SMALL.replace(`${x}:${p}`, `${p}:${x}`))
    expect(lines).toEqual(['groups:', '  what both allow is preferred in another order'])
    expect(json).toMatchObject({
      groups: [
        {
          changes: [
            {
              ...{ kind: 'reordered', property: 'groups' },
              before: [expect.stringMatching(/25519/i), expect.stringMatching(/256/)],
              after: [expect.stringMatching(/256/), expect.stringMatching(/25519/i)],
            },
          ],
        },
      ],
    })
  })

  test('tells which of the two is refused', () => {
    const changes = (side: string) => [
      { places: [], everywhere: true, changes: [{ kind: 'refused', side }] },
    ]
    expect(differ('NONE', SMALL)).toMatchObject({
      lines: ['refused: old'],
      json: { groups: changes('before') },
    })
    expect(differ(SMALL, 'NONE')).toMatchObject({
      lines: ['refused: new'],
      json: { groups: changes('after') },
    })
  })
})

describe('an evaluated string as data', () => {
  const evaluate = (string: string, config: SystemConfig) => {
    const outcome = evaluatePriority(text(string), { config })
    if (!outcome.ok) throw new Error('it is refused')
    return evaluationToJson(outcome.evaluation, config)
  }

  test('has what is allowed in the names of IANA, and the lists in those of GnuTLS', () => {
    expect(evaluate(`${SMALL}:%PROFILE_HIGH`, absentConfig('none'))).toMatchObject({
      ...{ release: 'newest', config: null, mode: 'blocklist', profile: 'HIGH' },
      allowed: {
        versions: ['TLS1.3'],
        suites: [{ name: 'TLS_AES_128_GCM_SHA256', number: 0x1301 }],
        groups: ['x25519', 'secp256r1'],
        signatureSchemes: ['rsa_pss_rsae_sha256'],
      },
      lists: { protocols: ['TLS1.3'], ciphers: ['AES-128-GCM'], macs: ['AEAD'] },
      removed: [],
    })
  })

  test('has what the configuration took away', () => {
    expect(evaluate('@SYSTEM', CONFIG)).toMatchObject({
      ...{ config: 'gnutls.conf' },
      removed: [{ list: 'groups', removed: ['X25519'], reason: 'forbidden by the configuration' }],
    })
  })
})
