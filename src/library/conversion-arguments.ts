/** Checks of what programs hand to conversions, and hand back. */
import {
  listOfChecked,
  madeBy,
  objectOf,
  optionalChecked,
  optionsOf,
} from '../arguments/objects.ts'
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
  optionalChecked((value, name) => requireOneOf<string>(value, releasesOf(library), name))

export const checkReleases = optionsOf<LibraryReleases>({
  openssl: releaseOf('openssl'),
  jdk: releaseOf('jdk'),
  nss: releaseOf('nss'),
  go: releaseOf('go'),
})

const texts = listOfChecked(requireString)
const omissions = listOfChecked(objectOf({ kind: requireString, name: requireString }))

export const checkConversion = madeBy<Conversion>('convertPriority', {
  text: requireString,
  omissions,
  ...{ surplus: texts, unenforced: texts, undecided: texts },
  allowed: checkAllowed,
})

/** What `convertFromOpenssl` gives has no surplus. */
export const checkExactness = objectOf<
  Pick<Conversion, 'omissions'> & Partial<Pick<Conversion, 'surplus' | 'unenforced'>>
>({ omissions, surplus: optionalChecked(texts), unenforced: optionalChecked(texts) })

const checkSettings = optionsOf<OpensslSettings>({
  ...{ ciphersuites: optionalChecked(texts), groups: optionalChecked(texts) },
  signatureAlgorithms: optionalChecked(texts),
  ...{ minProtocol: optionalChecked(requireString), maxProtocol: optionalChecked(requireString) },
})

export const checkFromOptions = optionsOf<FromOpensslOptions>({
  gnutls: optionalChecked(checkRelease),
  openssl: releaseOf('openssl'),
  settings: optionalChecked(checkSettings),
  isBrief: optionalChecked(requireBoolean),
})
