/** The examples of docs/library/*.md are run, and print what stands below them. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT, runFile, scratchFolder } from '../cli/command.ts'
import { PARTS } from './api-report.ts'

const COMPILER = join(ROOT, 'node_modules/typescript/bin/tsc')
const STRICT = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', 'node']

for (const part of PARTS) {
  const page = readFileSync(join(ROOT, 'docs', 'library', `${part}.md`), 'utf8')
  const examples = [...page.matchAll(/```ts\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/g)]

  describe(`docs/library/${part}.md`, () => {
    test('has an example that prints what the page says', () => {
      expect(examples.length).toBeGreaterThan(0)
      for (const [, program = '', printed] of examples) {
        const folder = scratchFolder()
        mkdirSync(join(folder, 'node_modules'))
        symlinkSync(ROOT, join(folder, 'node_modules/cryptopolicy'))
        symlinkSync(join(ROOT, 'node_modules/@types'), join(folder, 'node_modules/@types'))
        writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
        writeFileSync(join(folder, 'example.ts'), program)
        const options = { cwd: folder, env: { TMPDIR: folder } }
        expect(runFile(process.execPath, ['example.ts'], options)).toEqual({
          ...{ status: 0, stdout: printed, stderr: '' },
        })
        const compiled = runFile(process.execPath, [COMPILER, ...STRICT, 'example.ts'], options)
        expect(compiled.stdout).toBe('')
      }
    })
  })
}
