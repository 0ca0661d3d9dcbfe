import { getSystemErrorMap } from 'node:util'
import { expect, test } from 'vitest'
import { reasonOf } from '../../src/diagnostics/system-errors.ts'
import { systemText } from '../../src/files/system-text.ts'
import { execFileSync } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'

/** Errors of name resolution and of libuv alone have numbers far below. */
const ERRORS = [...getSystemErrorMap()].flatMap(([errno, [code]]) =>
  errno > -1000 ? [Object.assign(new Error('open'), { errno, code })] : [],
)

testWith('python3', 'every error of the system is told as the C library tells it', () => {
  const numbers = JSON.stringify(ERRORS.map(({ errno }) => -errno))
  const program = `import json, os\nprint(json.dumps([os.strerror(n) for n in ${numbers}]))`
  const texts: readonly string[] = JSON.parse(execFileSync('python3', ['-c', program]))
  const named = (list: readonly (string | undefined)[]) =>
    list.map((text, index) => `${ERRORS[index]?.code}: ${text}`)
  expect(named(ERRORS.map(systemText))).toEqual(named(texts))
})

test('every error of a call is told in words, and not by its code', () => {
  for (const { code = '', errno } of ERRORS) {
    const told = reasonOf(Object.assign(new Error(`read ${code}`), { code, errno }))
    expect([code, told]).toEqual([code, expect.not.stringContaining(code)])
  }
  const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' })
  expect(reasonOf(reset)).toBe('connection reset by peer')
})

test('what is no error of the system says its own message', () => {
  expect(systemText(new Error('it is odd'))).toBe('it is odd')
  expect(systemText('odd')).toBe('odd')
})
