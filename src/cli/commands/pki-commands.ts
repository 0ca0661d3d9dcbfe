/** `cryptopolicy pki`: the commands on certificates and keys. */
import type { CommandDefinition } from '../command.ts'
import { addPkiCheck } from './pki-check.ts'
import { addPkiExport } from './pki-export.ts'
import { addPkiImport } from './pki-import.ts'
import { addPkiInit } from './pki-init.ts'
import { addPkiIssue } from './pki-issue.ts'
import { addPkiPsk } from './pki-psk.ts'
import { addPkiRenew } from './pki-renew.ts'
import { addPkiRequest } from './pki-request.ts'
import { addPkiRevoke } from './pki-revoke.ts'
import { addPkiSign } from './pki-sign.ts'

export const PKI_COMMANDS: readonly CommandDefinition[] = [
  addPkiInit,
  addPkiIssue,
  addPkiRequest,
  addPkiSign,
  addPkiRenew,
  addPkiRevoke,
  addPkiExport,
  addPkiImport,
  addPkiPsk,
  addPkiCheck,
]
