/** Every error and warning about drop-ins that are read with the policy. */
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'

type Kind<Data> = DiagnosticKind<Data>

/** How many of the lost words are named. */
const MOST_NAMED = 8

const replaces: Kind<{ setting: string; lost: readonly string[] | undefined }> = {
  code: 'DROPIN_REPLACES_POLICY',
  severity: 'warning',
  fault: 'input',
  summary:
    'A line of a drop-in takes the place of what the policy gives for the same setting. It does not add to it, and may allow what the policy forbids.',
  message: ({ setting, lost }) => {
    if (lost === undefined) return `\`${setting}\` takes the place of what the policy gives for it`
    const more = lost.length - MOST_NAMED
    const named = lost.slice(0, MOST_NAMED).join(', ')
    return `\`${setting}\` takes the place of the policy's list, and leaves out ${named}${more > 0 ? ` and ${more} more` : ''}`
  },
  hint: ({ lost }) =>
    lost === undefined
      ? 'change the policy by a module instead'
      : "change the policy by a module instead, or repeat the policy's list and add to it",
}

/** `below` lines of the section are judged together with the one that is named. */
const allowsMore: Kind<{ setting: string; extra: readonly string[]; below: number }> = {
  code: 'DROPIN_ALLOWS_MORE',
  severity: 'warning',
  fault: 'input',
  summary:
    'A line of a gnutls drop-in adds to what the policy allows every program of GnuTLS, as `[overrides]` can.',
  message: ({ setting, extra, below }) =>
    `\`${setting}\` ${below > 0 ? 'and what stands below it allow' : 'allows'} what the policy forbids: ${extra.join('; ')}`,
  hint: () =>
    'change the policy by a module with the scope gnutls, so that all tools know of the exception',
}

const vain: Kind<{ what: string; reason: string; remedy: string | undefined }> = {
  code: 'DROPIN_WITHOUT_EFFECT',
  severity: 'warning',
  fault: 'input',
  summary: 'A part of a drop-in is read, and does nothing where it stands.',
  message: ({ what, reason }) => `\`${what}\` has no effect: ${reason}`,
  hint: ({ remedy }) => remedy,
}

const stops: Kind<{ who: string; reason: string; remedy: string }> = {
  code: 'DROPIN_STOPS_PROGRAMS',
  severity: 'error',
  fault: 'input',
  summary:
    'With a drop-in, programs fail or lose the whole policy, so the policy is not put in force. `--force` puts it in force, and then restarts no service.',
  message: ({ who, reason }) => `${who}: ${reason}`,
  hint: ({ remedy }) => remedy,
}

const el8: Kind<object> = {
  code: 'DROPIN_SSHD_COMMAND_LINE',
  severity: 'error',
  fault: 'input',
  summary:
    'A drop-in of opensshserver has the form of Enterprise Linux 8, where the file held options of the command line of sshd. Now it is a part of sshd_config, and sshd would not start.',
  message: () => 'options of the command line, in a file that sshd reads as a part of sshd_config',
  hint: () => 'write one setting a line, for instance `Ciphers aes256-gcm@openssh.com`',
}

export const DROP_IN_KINDS = defineKinds({ replaces, allowsMore, vain, stops, el8 })
