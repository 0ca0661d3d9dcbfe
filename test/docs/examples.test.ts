import { describe, expect, test } from 'vitest'
import { hasPeer } from '../peers/peer.ts'
import { PAGES, readPage } from './pages.ts'
import { isAsExpected, parseTranscripts, runExamples } from './transcript.ts'

for (const path of PAGES) {
  const blocks = parseTranscripts(readPage(path))
  const missing = blocks.flatMap(({ needs }) => (needs && !hasPeer(needs) ? [needs] : []))
  if (blocks.length === 0) continue
  describe(`${path}${missing.map((name) => ` [${name}]`).join('')}`, () => {
    test.skipIf(missing.length > 0)('prints what its examples show', () => {
      const results = runExamples(blocks.flatMap((block) => block.examples))
      for (const [index, result] of results.entries()) {
        const { example, printed, status } = result
        const where = `${path}:${example.line}: $ ${example.command}`
        if (!isAsExpected(result)) expect(printed, where).toEqual(example.expected)
        if (status === 0) continue
        expect(results[index + 1]?.example.command, `${where} gave ${status}`).toBe('echo $?')
      }
    })
  })
}

test('reads commands, continued commands, outputs and needs', () => {
  const page = '# P\n\n```console tool\n$ a\n> b\nout\n> more\n$ c\n```\n'
  expect(parseTranscripts(page)).toEqual([
    {
      needs: 'tool',
      examples: [
        { line: 4, command: 'a\nb', expected: ['out', '> more'] },
        { line: 8, command: 'c', expected: [] },
      ],
    },
  ])
})

test('lets `...` stand for any lines and nothing else for anything', () => {
  const [result] = runExamples([{ line: 1, command: 'seq 5', expected: ['1', '...', '5'] }])
  if (!result) throw new Error('nothing was run')
  expect(isAsExpected(result)).toBe(true)
  expect(isAsExpected({ ...result, printed: ['1', '5'] })).toBe(true)
  expect(isAsExpected({ ...result, printed: ['1', '2', '3'] })).toBe(false)
  expect(isAsExpected({ ...result, printed: ['1', '2', '5', '6'] })).toBe(false)
  const part = { ...result, example: { ...result.example, expected: ['a ... z'] } }
  expect(isAsExpected({ ...part, printed: ['a (b) z'] })).toBe(true)
  expect(isAsExpected({ ...part, printed: ['a (b) z', ''] })).toBe(false)
})

test('runs them in an empty folder, as a user who may write nowhere else', () => {
  const commands = ['ls -A', 'id -u', 'touch /etc/mine', 'echo "$base_dir$profile_dir"']
  const [ls, id, touch, env] = runExamples(
    commands.map((command) => ({ line: 1, command, expected: [] })),
  )
  expect([ls?.printed, env?.printed]).toEqual([[], ['']])
  expect(id?.printed).not.toEqual(['0'])
  expect(touch?.status).not.toBe(0)
})

test('no example names a folder of the host that it would write to', () => {
  const commands = PAGES.flatMap((path) =>
    parseTranscripts(readPage(path)).flatMap(({ examples }) =>
      examples.map(({ command }) => `${path}: ${command}`),
    ),
  )
  expect(commands.filter((text) => /\/(?:etc|usr\/share)\/crypto-policies/.test(text))).toEqual([])
})

test('hands each command the exit status of the one before', () => {
  const commands = ['(exit 3)', 'echo $?', 'true', 'echo $?']
  const results = runExamples(commands.map((command) => ({ line: 1, command, expected: [] })))
  expect(results.map(({ printed }) => printed.join())).toEqual(['', '3', '', '0'])
  expect(results.map(({ status }) => status)).toEqual([3, 0, 0, 0])
})
