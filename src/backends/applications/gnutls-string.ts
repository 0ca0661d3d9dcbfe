/** The line of an application in gnutls.config, below `[priorities]`. */
import type { ApplicationBackend } from './application-backend.ts'
import {
  remarkCertificates,
  remarkDefaultCurve,
  remarkKeptOff,
  remarkProfile,
} from './gnutls-remarks.ts'
import { priorityText } from './priority-string.ts'

export const gnutlsString: ApplicationBackend = {
  name: 'gnutls',
  title: 'GnuTLS',
  purpose: 'gnutls',
  file: undefined,
  generate: ({ policy, effective, releases }) => {
    const { text, unknown } = priorityText(effective, { release: releases.gnutls })
    // An algorithm that the library does not have needs no word; a demand that it cannot make does.
    const demands = unknown.filter((word) => word.startsWith('%')).join(', ')
    const remarks = [
      ...(demands === '' ? [] : [`this release of it does not know ${demands}`]),
      ...remarkProfile(effective),
      ...remarkDefaultCurve(effective),
      ...remarkCertificates(policy, effective),
      ...remarkKeptOff(policy, text, releases.gnutls),
    ]
    return { text, remarks }
  },
}
