/** Every error of services, in one place. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'

type Kind<Data> = DiagnosticKind<Data>

const unknownOwner: Kind<{ name: string; database: 'user' | 'group' }> = {
  code: 'SERVICE_UNKNOWN_OWNER',
  severity: 'error',
  fault: 'usage',
  summary: 'The owner that a socket is to have is not known on this host.',
  message: ({ name, database }) => `there is no ${database} ${JSON.stringify(name)}`,
  hint: () => 'write USER, USER:GROUP or :GROUP, as for chown',
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const SERVICE_KINDS = defineKinds({ unknownOwner })
