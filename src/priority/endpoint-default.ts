/** The priority string of an endpoint that was given none: that of QEMU as distributions build it. */
import type { Source } from '../diagnostics/source.ts'
import type { EvaluateOptions } from './evaluate.ts'
import { isResolved, resolvePriority } from './resolve.ts'

const DEFAULT_KEYWORDS = 'QEMU,SYSTEM'

export type EndpointDefaultOptions = EvaluateOptions & {
  /** The keyword of the application that the endpoint belongs to. It is looked up first. */
  readonly keyword?: string | undefined
}

/** The default, or undefined where no keyword of it is configured: the library's own is left then. */
export function endpointDefault({
  config,
  release,
  keyword,
}: EndpointDefaultOptions): Source | undefined {
  const keywords = keyword === undefined ? DEFAULT_KEYWORDS : `${keyword},${DEFAULT_KEYWORDS}`
  const asked = { name: '<default>', text: `@${keywords}` }
  return isResolved(resolvePriority(asked, config, release)) ? asked : undefined
}
