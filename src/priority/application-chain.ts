/** Finds the priority string of an application: its own setting, what it has built in, keywords. */
import { type Source, type Span, spanText } from '../diagnostics/source.ts'
import type { EvaluateOptions } from './evaluate.ts'
import { DEFAULT_RELEASE } from './releases.ts'
import {
  asksForKeywords,
  type ChainLink,
  libraryDefault,
  traceKeywords,
} from './resolution-chain.ts'
import { type Resolution, resolvePriority, type Unresolved } from './resolve.ts'
import { NO_CONFIG } from './system-config.ts'

/** A place where the application's own configuration may hold a string. */
export type ApplicationSetting = {
  /** As people call it: `libvirtd.conf tls_priority`. */
  readonly name: string
  readonly file?: string
  /** Where the string is written; not set where it is not. */
  readonly span?: Span
  /** Why it is not. */
  readonly remark?: string
}

export type ApplicationChain = {
  /** In the order in which they are asked. */
  readonly links: readonly ChainLink[]
  readonly result: Resolution | Unresolved
}

const BUILT_IN = 'built in'

/**
 * Follows the chain: the first setting that is there, else what is built in, else the library's
 * default; then the keywords of that string.
 */
export function traceApplication(
  settings: readonly ApplicationSetting[],
  builtIn: string | undefined,
  { config = NO_CONFIG, release = DEFAULT_RELEASE }: EvaluateOptions = {},
): ApplicationChain {
  const chosen = settings.find((setting) => setting.span)
  const given = chosen ? sourceOf(chosen) : builtInSource(builtIn)
  const result = resolvePriority(given, config, release)
  const keywords = traceKeywords(result, config, release)
  const standard = libraryDefault(config, release)
  return {
    result,
    links: [
      ...settings.map((setting) => settingLink(setting, setting === chosen)),
      ...(builtIn === undefined ? [] : [builtInLink(builtIn, chosen === undefined)]),
      ...(given
        ? [...keywords, { ...standard, state: 'passed over' } as const]
        : [{ ...standard, state: stateOf(standard.text) }, ...keywords]),
    ],
  }
}

/** A text of its own, since a string is resolved whole; it is called as the setting is. */
function sourceOf({ name, span }: ApplicationSetting): Source {
  return { name, text: span ? spanText(span) : '' }
}

function builtInSource(text: string | undefined): Source | undefined {
  return text === undefined ? undefined : { name: `<${BUILT_IN}>`, text }
}

function settingLink(setting: ApplicationSetting, isChosen: boolean): ChainLink {
  const { span } = setting
  if (!span) return { ...setting, state: 'absent' }
  const text = spanText(span)
  return { ...setting, text, state: isChosen ? stateOf(text) : 'passed over' }
}

function builtInLink(text: string, isChosen: boolean): ChainLink {
  return { name: BUILT_IN, text, state: isChosen ? stateOf(text) : 'passed over' }
}

function stateOf(text: string): ChainLink['state'] {
  return asksForKeywords(text) ? 'asks' : 'wins'
}
