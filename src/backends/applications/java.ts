/** Java: security properties, which `-Djava.security.properties=FILE` names. */

import { java as systemJava } from '../java.ts'
import { findLooseness } from '../looseness.ts'
import type { ApplicationBackend } from './application-backend.ts'

export const java: ApplicationBackend = {
  name: 'java',
  title: 'Java',
  purpose: 'java-tls',
  file: 'java.config',
  generate: ({ policy }) => ({
    text: systemJava.generate(policy),
    remarks: findLooseness(policy)
      .filter(({ backend }) => backend === systemJava.name)
      .map(({ who, kept, because }) => `${who} keeps ${kept.join(', ')}: ${because}`),
  }),
}
