/** Java: security properties, which `-Djava.security.properties=FILE` names. */

import { java } from '../java.ts'
import { findLooseness } from '../looseness/looseness.ts'
import type { ApplicationBackend } from './application-backend.ts'

export const javaForApplications: ApplicationBackend = {
  name: 'java',
  title: 'Java',
  purpose: 'java-tls',
  file: 'java.config',
  generate: ({ policy }) => ({
    text: java.generate(policy),
    remarks: findLooseness(policy, { backend: java.name }).map(
      ({ who, kept, because }) => `${who} keeps ${kept.join(', ')}: ${because}`,
    ),
  }),
}
