/** Compares `list` with what gnutls-cli of three releases printed for 1,500 random strings. */
import { describe, expect, it } from 'vitest'
import { evaluatePriority, reportedOffset } from '../../src/priority/evaluate.ts'
import { parseSystemConfig } from '../../src/priority/system-config.ts'
import { readPriorityCorpus } from '../priority-corpus.ts'
import { listPriority } from './list-priority.ts'

const corpus = readPriorityCorpus()
const SYNTAX_ERROR = 'Syntax error at: '

describe.each(['3.7.9', '3.8.9', '3.8.13'] as const)('GnuTLS %s', (release) => {
  const cases = corpus.map(({ priority, config, out }) => {
    const options =
      config === undefined
        ? { release }
        : { release, config: parseSystemConfig({ name: 'gnutls.config', text: config }) }
    return { priority, options, expected: out[release] }
  })

  it('gives the same standard output and exit status for all 1,500 strings', () => {
    expect(cases).toHaveLength(1500)
    for (const { priority, options, expected } of cases) {
      const { stdout, status } = listPriority(priority, options)
      expect({ priority, stdout, status }).toEqual({
        priority,
        stdout: expected.stdout,
        status: expected.rc,
      })
    }
  })

  it('reports every error at the same offset', () => {
    for (const { priority, options, expected } of cases) {
      if (!expected.stderr.startsWith(SYNTAX_ERROR)) continue
      const rest = expected.stderr.slice(SYNTAX_ERROR.length, -1)
      const outcome = evaluatePriority({ name: 'corpus', text: priority }, options)
      const offset = outcome.ok ? undefined : reportedOffset(outcome.failure)
      expect({ priority, offset }).toEqual({ priority, offset: priority.length - rest.length })
    }
  })
})
