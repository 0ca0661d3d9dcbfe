/** What a conversion could not say, as warnings with codes. */
import {
  type Diagnostic,
  type DiagnosticKind,
  defineKinds,
  diagnose,
} from '../../diagnostics/diagnostic.ts'
import type { Conversion } from './conversion.ts'
import type { Omission } from './dialect.ts'

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

const surplus: Kind<{ names: readonly string[] }> = {
  code: 'CONVERT_SURPLUS',
  severity: 'warning',
  fault: 'answer',
  summary:
    'The library offers something that the string does not allow, and no setting turns it off. The text is then looser than the string.',
  message: ({ names }) => `the library also offers, whatever it is told: ${names.join(', ')}`,
}

const unenforced: Kind<{ demands: readonly string[] }> = {
  code: 'CONVERT_UNENFORCED',
  severity: 'warning',
  fault: 'answer',
  summary:
    'The string demands something of a peer that the library cannot be told to demand, such as the size of its keys. The text is then looser than the string.',
  message: ({ demands }) => `the library does not insist on ${demands.join(', ')}`,
}

const undecided: Kind<{ what: string }> = {
  code: 'CONVERT_UNCONTROLLED',
  severity: 'warning',
  fault: 'answer',
  summary:
    'The library decides this itself, and no setting changes it. It allows nothing more than the string.',
  message: ({ what }) => `the library decides itself: ${what}`,
}

const nothingLeft: Kind<{ target: string; omissions: readonly Omission[] }> = {
  code: 'CONVERT_NOTHING_LEFT',
  severity: 'error',
  fault: 'answer',
  summary:
    'The other library has nothing that the string allows. There is no text to print: libraries take an empty list for their own defaults.',
  message: ({ target }) => `nothing that the string allows can be said to ${target}`,
  hint: ({ omissions }) => {
    const versions = omissions.filter(({ kind }) => kind === 'version')
    return versions.map(({ name, because }) => `${name}: ${because}`).join('; ') || undefined
  },
}

export const CONVERT_KINDS = defineKinds({
  omitted,
  surplus,
  unenforced,
  undecided,
  nothingLeft,
})

/** How what the text allows compares with what was given. */
export type Exactness =
  | 'exact'
  /** Less than what was given, and nothing else. */
  | 'subset'
  /** More in what the warnings name, and less in other things perhaps. */
  | 'looser'

/** `exact` where nothing was left out, and nothing came in. */
export function exactnessOf(
  conversion: Pick<Conversion, 'omissions'> & Partial<Pick<Conversion, 'surplus' | 'unenforced'>>,
): Exactness {
  const { omissions, surplus = [], unenforced = [] } = conversion
  if (surplus.length > 0 || unenforced.length > 0) return 'looser'
  return omissions.length === 0 ? 'exact' : 'subset'
}

/** What a conversion leaves out, and what it cannot keep out. */
export function diagnoseConversion(conversion: Conversion): readonly Diagnostic[] {
  const { surplus, unenforced } = conversion
  return [
    ...diagnoseOmissions(conversion.omissions),
    ...(surplus.length > 0 ? [diagnose(CONVERT_KINDS.surplus, { names: surplus })] : []),
    ...(unenforced.length > 0 ? [diagnose(CONVERT_KINDS.unenforced, { demands: unenforced })] : []),
    ...conversion.undecided.map((what) => diagnose(CONVERT_KINDS.undecided, { what })),
  ]
}

/** One warning for all that was left out for one reason. */
export function diagnoseOmissions(omissions: readonly Omission[]): readonly Diagnostic[] {
  const groups = Map.groupBy(omissions, ({ kind, because }) => `${kind} ${because}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (!first) return []
    const { kind, because } = first
    const names = group.map(({ name }) => name)
    return diagnose(CONVERT_KINDS.omitted, { kind, names, because })
  })
}
