/** Checks of what programs hand to conversions, and hand back. */
import { listOf, madeBy, objectOf, optional, optionsOf } from '../arguments/objects.ts'
import {
  type ArgumentCheck,
  requireBoolean,
  requireOneOf,
  requireString,
} from '../arguments/single-values.ts'
import type { Conversion } from '../priority/convert/conversion.ts'
import type { FromOpensslOptions } from '../priority/convert/from-openssl.ts'
import type { OpensslSettings } from '../priority/convert/openssl-settings.ts'
import { type Library, type LibraryReleases, releasesOf } from '../priority/library-releases.ts'
import { checkRelease } from '../priority/priority-arguments.ts'
import { checkAllowed } from './allowed-arguments.ts'

const releaseOf = (library: Library): ArgumentCheck =>
  optional((value, name) => requireOneOf<string>(value, releasesOf(library), name))

export const checkReleases = optionsOf<LibraryReleases>({
  openssl: releaseOf('openssl'),
  jdk: releaseOf('jdk'),
  nss: releaseOf('nss'),
  go: releaseOf('go'),
})

const texts = listOf(requireString)
const omissions = listOf(objectOf({ kind: requireString, name: requireString }))

export const checkConversion = madeBy<Conversion>('convertPriority', {
  text: requireString,
  omissions,
  ...{ surplus: texts, unenforced: texts, undecided: texts },
  allowed: checkAllowed,
})

/** What `convertFromOpenssl` gives has no surplus. */
export const checkExactness = objectOf<
  Pick<Conversion, 'omissions'> & Partial<Pick<Conversion, 'surplus' | 'unenforced'>>
>({ omissions, surplus: optional(texts), unenforced: optional(texts) })

const checkSettings = optionsOf<OpensslSettings>({
  ...{ ciphersuites: optional(texts), groups: optional(texts) },
  signatureAlgorithms: optional(texts),
  ...{ minProtocol: optional(requireString), maxProtocol: optional(requireString) },
})

export const checkFromOptions = optionsOf<FromOpensslOptions>({
  gnutls: optional(checkRelease),
  openssl: releaseOf('openssl'),
  settings: optional(checkSettings),
  isBrief: optional(requireBoolean),
})
