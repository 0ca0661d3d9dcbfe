/** `cryptopolicy/convert`: what a priority string allows in another library's words, and back. */

import type { Conversion } from '../priority/convert/conversion.ts'
import { type ConversionTarget, convertPriority as convert } from '../priority/convert/convert.ts'
import {
  type FromOpenssl,
  type FromOpensslOptions,
  convertFromOpenssl as fromOpenssl,
} from '../priority/convert/from-openssl.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import type { LibraryReleases } from '../priority/library-releases.ts'
import { requireObject, requireOneOf, requireText, type TextInput } from './arguments.ts'

export {
  diagnoseConversion,
  type Exactness,
  exactnessOf,
} from '../priority/convert/convert-diagnostics.ts'
export type { Omission } from '../priority/convert/dialect.ts'
export type { Library } from '../priority/library-releases.ts'
export * from './priority.ts'
export type { Conversion, ConversionTarget, FromOpenssl, FromOpensslOptions, LibraryReleases }

/** What `convertPriority` writes for. */
export const CONVERSION_TARGETS: readonly ConversionTarget[] = [
  'openssl',
  'node',
  'nginx',
  'nss',
  'java',
  'go',
]

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
  requireObject(evaluation, 'evaluation', ['resolution', 'suites'])
  requireOneOf(target, CONVERSION_TARGETS, 'target')
  return convert(evaluation, target, requireObject(releases, 'releases', []))
}

/**
 * A priority string for what a cipher list of OpenSSL selects.
 *
 * @throws DiagnosticError where OpenSSL refuses the list; LIBRARY_ARGUMENT
 */
export function convertFromOpenssl(list: TextInput, options: FromOpensslOptions = {}): FromOpenssl {
  const source = requireText(list, 'list', '<cipher list>')
  return fromOpenssl(source, requireObject(options, 'options', []))
}
