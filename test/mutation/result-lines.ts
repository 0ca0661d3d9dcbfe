/**
 * Tells each change as soon as it was tried, so that a run that is ended early has told what it found: the
 * verdict, the place, the kind of the change, and what stands there instead.
 */
import type { MutantResult } from '@stryker-mutator/api/core'
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin'
import type { Reporter } from '@stryker-mutator/api/report'

function describe({ status, fileName, location, mutatorName, replacement }: MutantResult): string {
  const file = fileName.slice(fileName.lastIndexOf('/src/') + 1)
  const place = `${file}:${location.start.line}:${location.start.column}`
  return [status, place, mutatorName, JSON.stringify(replacement)].join(' ')
}

const reporter: Reporter = {
  onMutantTested: (result) => {
    if (result.status !== 'CompileError' && result.status !== 'Ignored') {
      console.log(describe(result))
    }
  },
}

export const strykerPlugins = [
  declareFactoryPlugin(PluginKind.Reporter, 'result-lines', () => reporter),
]
