/** `cryptopolicy/convert`: what a priority string allows in another library's words, and back. */

import { requireOneOf, requireText, type TextInput } from '../arguments/single-values.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Conversion } from '../priority/convert/conversion.ts'
import { convertPriority as convert } from '../priority/convert/convert.ts'
import {
  exactnessOf as compare,
  diagnoseConversion as describe,
  type Exactness,
} from '../priority/convert/convert-diagnostics.ts'
import {
  type FromOpenssl,
  type FromOpensslOptions,
  convertFromOpenssl as fromOpenssl,
} from '../priority/convert/from-openssl.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import {
  CONVERSION_LIBRARIES,
  type ConversionTarget,
  type LibraryReleases,
} from '../priority/library-releases.ts'
import { checkEvaluation } from '../priority/priority-arguments.ts'
import {
  checkConversion,
  checkExactness,
  checkFromOptions,
  checkReleases,
} from './conversion-arguments.ts'

export type { Omission } from '../priority/convert/dialect.ts'
export type { Library } from '../priority/library-releases.ts'
export * from './priority.ts'
export type {
  Conversion,
  ConversionTarget,
  Exactness,
  FromOpenssl,
  FromOpensslOptions,
  LibraryReleases,
}

/** What `convertPriority` writes for. */
export const CONVERSION_TARGETS = Object.keys(CONVERSION_LIBRARIES) as readonly ConversionTarget[]

/**
 * Says the same set in another library's words, or a subset: it never allows more.
 * `diagnoseConversion` says what was left out.
 *
 * @throws DiagnosticError where the library has nothing that the string allows; LIBRARY_ARGUMENT
 */
export function convertPriority(
  evaluation: Evaluation,
  target: ConversionTarget,
  releases: LibraryReleases = {},
): Conversion {
  checkEvaluation(evaluation, 'evaluation')
  requireOneOf(target, CONVERSION_TARGETS, 'target')
  return convert(evaluation, target, checkReleases(releases, 'releases'))
}

/**
 * A priority string for what a cipher list of OpenSSL selects.
 *
 * @throws DiagnosticError where OpenSSL refuses the list; LIBRARY_ARGUMENT
 */
export function convertFromOpenssl(list: TextInput, options: FromOpensslOptions = {}): FromOpenssl {
  const source = requireText(list, 'list', '<cipher list>')
  return fromOpenssl(source, checkFromOptions(options, 'options'))
}

/**
 * What a conversion leaves out, and what it cannot keep out, in words.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function diagnoseConversion(conversion: Conversion): readonly Diagnostic[] {
  return describe(checkConversion(conversion, 'conversion'))
}

/**
 * Whether a conversion says the same set or less.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function exactnessOf(
  conversion: Pick<Conversion, 'omissions'> & Partial<Pick<Conversion, 'surplus' | 'unenforced'>>,
): Exactness {
  return compare(checkExactness(conversion, 'conversion'))
}
