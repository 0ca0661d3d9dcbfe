/** Java: security properties, which `-Djava.security.properties=FILE` names. */

import { java } from '../java.ts'
import { findLooseness, LOOSENESS_RULES } from '../looseness.ts'
import type { ApplicationBackend } from './application-backend.ts'

const RULES = LOOSENESS_RULES.filter(({ backend }) => backend === java.name)

export const javaForApplications: ApplicationBackend = {
  name: 'java',
  title: 'Java',
  purpose: 'java-tls',
  file: 'java.config',
  generate: ({ policy }) => ({
    text: java.generate(policy),
    remarks: findLooseness(policy, RULES).map(
      ({ who, kept, because }) => `${who} keeps ${kept.join(', ')}: ${because}`,
    ),
  }),
}
