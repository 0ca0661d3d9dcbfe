/** Every error of the command lines themselves, in one place. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'
import { nearestOrKnown } from '../diagnostics/suggestion.ts'
import { reasonOfCode } from '../diagnostics/system-errors.ts'

type Kind<Data> = DiagnosticKind<Data>

const internal: Kind<{ message: string }> = {
  code: 'INTERNAL',
  severity: 'error',
  fault: 'answer',
  summary: 'This is a fault of the program. Please report it with the output of --debug.',
  message: ({ message }) => `the program failed: ${message}`,
  hint: () => 'run it again with --debug and report what it prints',
}

const outOfDescriptors: Kind<object> = {
  code: 'OUT_OF_DESCRIPTORS',
  severity: 'error',
  fault: 'unavailable',
  summary:
    'The process or the system may open no more files and sockets, so the program could not go on.',
  message: () => 'too many open files: the program may not open as many as it needs',
  hint: () => 'allow more open files: ulimit -n 256, or LimitNOFILE= of its unit',
}

/** The system's names of what happens to a stream, in words. */
const LOST: Readonly<Record<string, string>> = {
  ENOSPC: 'there is no space left',
  EDQUOT: 'the quota is used up',
  EFBIG: 'the file would be larger than it may be',
  EIO: 'the device failed',
}

const outputUnwritable: Kind<{ stream: string; code: string }> = {
  code: 'OUTPUT_UNWRITABLE',
  severity: 'error',
  fault: 'write',
  summary: 'Standard output or standard error cannot be written, so what was found is not told.',
  message: ({ stream, code }) =>
    `cannot write ${stream}: ${LOST[code] ?? reasonOfCode(code) ?? code}`,
}

const unknownName: Kind<{ what: string; name: string; known: readonly string[] }> = {
  code: 'USAGE_UNKNOWN_NAME',
  severity: 'error',
  fault: 'usage',
  summary: 'An argument names a scope, back-end or format that does not exist.',
  message: ({ what, name }) => `unknown ${what} \`${name}\``,
  hint: ({ name, known }) => nearestOrKnown(name, known),
}

const missingOption: Kind<{ what: string; hint: string }> = {
  code: 'USAGE_MISSING_OPTION',
  severity: 'error',
  fault: 'usage',
  summary: 'An option or argument that the command needs is missing.',
  message: ({ what }) => what,
  hint: ({ hint }) => hint,
}

const conflictingOptions: Kind<{ first: string; second: string; hint?: string }> = {
  code: 'USAGE_CONFLICTING_OPTIONS',
  severity: 'error',
  fault: 'usage',
  summary: 'Two options that were given exclude each other.',
  message: ({ first, second }) => `${first} and ${second} cannot be given together`,
  hint: ({ hint }) => hint,
}

/** What the parser of the command line says. */
export type UsageData = { readonly message: string; readonly hint: string }

/** A refusal of the parser: its words, and its suggestion or where the help is. */
function usage(code: string, summary: string): Kind<UsageData> {
  return {
    code,
    severity: 'error',
    fault: 'usage',
    summary,
    message: ({ message }) => message,
    hint: ({ hint }) => hint,
  }
}

const unknownOption = usage('USAGE_UNKNOWN_OPTION', 'The command has no such option.')
const unknownCommand = usage('USAGE_UNKNOWN_COMMAND', 'There is no such command.')
const missingCommand = usage(
  'USAGE_MISSING_COMMAND',
  'A group of commands, such as `nbd`, needs the name of one of them.',
)
const missingArgument = usage(
  'USAGE_MISSING_ARGUMENT',
  'An argument that the command needs is missing.',
)
const missingValue = usage('USAGE_MISSING_VALUE', 'An option is last, and its value is missing.')
const mandatoryOption = usage(
  'USAGE_MANDATORY_OPTION',
  'An option that the command cannot do without is missing.',
)
const excessArguments = usage(
  'USAGE_EXCESS_ARGUMENTS',
  'There are more arguments than the command takes. A value with a space in it needs quotes.',
)
const invalidValue = usage(
  'USAGE_INVALID_VALUE',
  'An option or argument has a value that it cannot have; the message says what it takes.',
)
const misuse = usage(
  'USAGE_OTHER',
  'The command line is wrong in another way; the message says how.',
)

const onlyQemuNbd: Kind<{ option: string; hint: string }> = {
  code: 'USAGE_ONLY_QEMU_NBD',
  severity: 'error',
  fault: 'usage',
  summary:
    'An option of qemu-nbd was given that `nbd serve` does not have; the hint says what does it.',
  message: ({ option }) => `${option} is an option of qemu-nbd that is not here`,
  hint: ({ hint }) => hint,
}

const nameUnchecked: Kind<{ credentials: string; hostname: string }> = {
  code: 'USAGE_NAME_UNCHECKED',
  severity: 'warning',
  fault: 'usage',
  summary: '--tls-hostname names the server, and the credentials do not check names.',
  message: ({ credentials, hostname }) =>
    `nothing checks that the server is ${hostname}: the credentials ${credentials} verify no certificate`,
  hint: () => 'use tls-creds-x509 with verify-peer=on, or leave --tls-hostname out',
}

export const CLI_KINDS = defineKinds({
  internal,
  outOfDescriptors,
  outputUnwritable,
  unknownName,
  missingOption,
  conflictingOptions,
  unknownOption,
  unknownCommand,
  missingCommand,
  missingArgument,
  missingValue,
  mandatoryOption,
  excessArguments,
  invalidValue,
  onlyQemuNbd,
  nameUnchecked,
  misuse,
})
