/** Holds the imports of src/ against the table of import-directions.ts; exits 1 where they break it. */
import { cruise, type ICruiseResult, type IViolation } from 'dependency-cruiser'
import { folderCycles } from './folder-cycles.ts'
import { FORBIDDEN_IMPORTS } from './import-directions.ts'

const { output } = await cruise(['src'], {
  ruleSet: { forbidden: FORBIDDEN_IMPORTS },
  validate: true,
  parser: 'swc',
  tsPreCompilationDeps: true,
  doNotFollow: { path: 'node_modules' },
})
const { modules, summary } = output as ICruiseResult
const { violations } = summary
const cycles = folderCycles(modules)
const comments = new Map(FORBIDDEN_IMPORTS.map(({ name, comment }) => [name, comment]))

for (const violation of violations) console.error(describe(violation))
for (const cycle of cycles) console.error(`error: no-cycle-of-folders: ${cycle}`)
process.exitCode =
  cycles.length > 0 || violations.some(({ rule }) => rule.severity === 'error') ? 1 : 0

function describe({ rule, from, to, cycle }: IViolation): string {
  const path = [from, ...(cycle ? cycle.map(({ name }) => name) : [to])].join(' -> ')
  return `${rule.severity}: ${rule.name}: ${path}: ${comments.get(rule.name)}`
}
