/** What an endpoint of ours asks for that was told nothing, as QEMU's of distributions do. */
import type { Source } from '../diagnostics/source.ts'
import type { EvaluateOptions } from './evaluate.ts'
import { isResolved, resolvePriority } from './resolve.ts'

const DEFAULT_PRIORITY = '@QEMU,SYSTEM'

/** The default, or undefined where no keyword of it is configured: the library's own is left then. */
export function endpointDefault({ config, release }: EvaluateOptions): Source | undefined {
  const asked = { name: '<default>', text: DEFAULT_PRIORITY }
  return isResolved(resolvePriority(asked, config, release)) ? asked : undefined
}
