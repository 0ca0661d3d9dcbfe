/** Sequoia, the OpenPGP library. */
import { defineBackend } from './backend.ts'
import { printSequoiaPolicy } from './sequoia-toml.ts'

export const sequoia = defineBackend({
  name: 'sequoia',
  title: 'Sequoia',
  purposes: ['sequoia'],
  print: ({ sequoia: effective }) => printSequoiaPolicy(effective),
})
