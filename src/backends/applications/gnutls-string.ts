/** The line of an application in gnutls.config, below `[priorities]`. */
import type { ApplicationBackend } from './application-backend.ts'
import { priorityText } from './priority-string.ts'

export const gnutlsString: ApplicationBackend = {
  name: 'gnutls',
  title: 'GnuTLS',
  purpose: 'gnutls',
  file: undefined,
  generate: ({ effective, releases }) => {
    const { text, unknown } = priorityText(effective, { release: releases.gnutls })
    const words = unknown.map((word) => word.slice(1)).join(', ')
    const remarks = unknown.length > 0 ? [`this release does not know ${words}`] : []
    return { text, remarks }
  },
}
