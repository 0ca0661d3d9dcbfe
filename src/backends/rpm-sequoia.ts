/** Sequoia inside RPM, which checks package signatures under a policy of its own. */
import { defineBackend } from './backend.ts'
import { printSequoiaPolicy } from './sequoia-toml.ts'

export const rpmSequoia = defineBackend({
  name: 'rpm-sequoia',
  title: 'RPM',
  purposes: ['rpm'],
  print: ({ rpm: effective }) => printSequoiaPolicy(effective),
})
