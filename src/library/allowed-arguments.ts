/** Checks of what is allowed of TLS, and of how two such answers differ. */

import type { AllowedTls } from '../algorithms/allowed-tls.ts'
import type { AllowedDifference } from '../algorithms/compare-allowed.ts'
import { listOfChecked, madeBy, objectOf } from '../arguments/objects.ts'
import { integerWithin, requireString } from '../arguments/single-values.ts'

const named = listOfChecked(objectOf({ name: requireString }))
const bits = integerWithin(0)

export const checkAllowed = madeBy<AllowedTls>('allowedTls or allowedByPolicy', {
  ...{ versions: named, suites: named, groups: named, signatureSchemes: named },
  minimumKeySizes: objectOf({ rsa: bits, dsa: bits, ec: bits, dh: bits }),
})

const names = objectOf({
  extra: listOfChecked(requireString),
  missing: listOfChecked(requireString),
})

export const checkDifference = madeBy<AllowedDifference>('compareAllowed', {
  ...{ versions: names, suites: names, groups: names, signatureSchemes: names },
  keySizes: listOfChecked(objectOf({ before: bits, after: bits })),
})
