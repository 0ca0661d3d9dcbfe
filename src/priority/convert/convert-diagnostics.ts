/** What a conversion could not say, as warnings with codes. */
import {
  type Diagnostic,
  type DiagnosticKind,
  defineKinds,
  diagnose,
} from '../../diagnostics/diagnostic.ts'
import type { Conversion } from './convert.ts'
import type { Omission } from './dialect.ts'
import type { FromOpenssl } from './from-openssl.ts'

type Kind<Data> = DiagnosticKind<Data>

const omitted: Kind<{ kind: string; names: readonly string[]; because: string }> = {
  code: 'CONVERT_OMITTED',
  severity: 'warning',
  fault: 'answer',
  summary:
    'The other language cannot say a part of what was allowed, or not without allowing more. It is left out, so that the result is a subset.',
  message: ({ kind, names, because }) => {
    const plural = names.length === 1 ? kind : `${kind}s`
    return `left out ${names.length} ${plural} (${because}): ${names.join(', ')}`
  },
}

const uncontrolled: Kind<{ what: string }> = {
  code: 'CONVERT_UNCONTROLLED',
  severity: 'warning',
  fault: 'answer',
  summary: 'The library decides this itself, whatever it is told.',
  message: ({ what }) => `the library decides itself: ${what}`,
}

const ignoredWord: Kind<{ word: string }> = {
  code: 'CONVERT_IGNORED_WORD',
  severity: 'warning',
  fault: 'input',
  summary: 'A word of an OpenSSL cipher list selects nothing. OpenSSL ignores it silently.',
  message: ({ word }) => `\`${word}\` selects no cipher suite`,
}

export const CONVERT_KINDS = defineKinds({ omitted, uncontrolled, ignoredWord })

/** How what the text allows compares with what was given. */
export type Exactness = 'exact' | 'subset'

/** `exact` where nothing was left out. */
export function exactnessOf({ omissions }: Pick<Conversion, 'omissions'>): Exactness {
  return omissions.length === 0 ? 'exact' : 'subset'
}

/** One warning for all that was left out for one reason, one for each thing out of control. */
export function diagnoseConversion(conversion: Conversion): readonly Diagnostic[] {
  return [
    ...diagnoseOmissions(conversion.omissions),
    ...conversion.uncontrolled.map((what) => diagnose(CONVERT_KINDS.uncontrolled, { what })),
  ]
}

/** The same for a cipher list that became a priority string. */
export function diagnoseFromOpenssl({ omissions, ignored }: FromOpenssl): readonly Diagnostic[] {
  return [
    ...ignored.map((word) => diagnose(CONVERT_KINDS.ignoredWord, { word })),
    ...diagnoseOmissions(omissions),
  ]
}

function diagnoseOmissions(omissions: readonly Omission[]): readonly Diagnostic[] {
  const groups = Map.groupBy(omissions, ({ kind, because }) => `${kind} ${because}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (!first) return []
    const { kind, because } = first
    const names = group.map(({ name }) => name)
    return diagnose(CONVERT_KINDS.omitted, { kind, names, because })
  })
}
