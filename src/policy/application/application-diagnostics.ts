/** Every error and warning about application policies, in one place. */
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'
import { formatLocation, type Span } from '../../diagnostics/source.ts'
import { didYouMean } from '../../diagnostics/suggestion.ts'

type Kind<Data> = DiagnosticKind<Data>

const unknownPragma: Kind<{ name: string; known: readonly string[] }> = {
  code: 'APPLICATION_UNKNOWN_PRAGMA',
  severity: 'error',
  fault: 'input',
  summary: 'A comment whose first character is `%` names no setting of application policies.',
  message: ({ name }) => `\`%${name}\` is no setting of an application policy`,
  hint: ({ name, known }) =>
    didYouMean(name, known) ?? `there are ${known.map((one) => `%${one}`).join(', ')}`,
}

const repeatedPragma: Kind<{ name: string }> = {
  code: 'APPLICATION_REPEATED_PRAGMA',
  severity: 'error',
  fault: 'input',
  summary: 'An application policy sets one setting twice.',
  message: ({ name }) => `\`%${name}\` is set a second time`,
}

const misplacedPragma: Kind<{ name: string }> = {
  code: 'APPLICATION_MISPLACED_PRAGMA',
  severity: 'error',
  fault: 'input',
  summary: 'A setting of an application policy shares its line with a directive.',
  message: ({ name }) => `\`%${name}\` stands behind a directive, where it has no effect`,
  hint: () => 'give it a line of its own',
}

const badPragma: Kind<{ name: string; value: string; wanted: string }> = {
  code: 'APPLICATION_BAD_PRAGMA',
  severity: 'error',
  fault: 'input',
  summary: 'A setting of an application policy has a value that it cannot have.',
  message: ({ name, value, wanted }) => `\`%${name}\` is ${wanted}, not \`${value}\``,
}

const unknownBackend: Kind<{ name: string; known: readonly string[] }> = {
  code: 'APPLICATION_UNKNOWN_BACKEND',
  severity: 'error',
  fault: 'input',
  summary: 'An application policy asks for a back-end that applications do not have.',
  message: ({ name }) => `applications have no back-end \`${name}\``,
  hint: ({ name, known }) => didYouMean(name, known) ?? `there are ${known.join(', ')}`,
}

const exceeds: Kind<{
  application: string
  policy: string
  what: string
  places: readonly string[]
  isMeant: boolean
}> = {
  code: 'APPLICATION_EXCEEDS',
  severity: 'error',
  fault: 'input',
  summary:
    'An application policy allows what the system policy does not. It may where it says `# %may_exceed_system_policy=true`; then this is a warning.',
  message: ({ application, policy, what, places }) =>
    `${application} allows ${what}, and ${policy} does not (for ${places.join(', ')})`,
  hint: ({ isMeant }) =>
    isMeant
      ? undefined
      : 'take it out, or write `# %may_exceed_system_policy=true` into the file to allow it on purpose',
}

const sameKeyword: Kind<{ keyword: string; other: string }> = {
  code: 'APPLICATION_SAME_KEYWORD',
  severity: 'error',
  fault: 'input',
  summary: 'Two application policies have one GnuTLS keyword.',
  message: ({ keyword, other }) => `the keyword ${keyword} is that of ${other} too`,
  hint: () => 'give one of them another: `# %keyword=NAME`',
}

const rawString: Kind<{ keyword: string; file: string; dropIn: Span }> = {
  code: 'APPLICATION_RAW_STRING',
  severity: 'error',
  fault: 'input',
  summary: 'A gnutls drop-in gives a string to the keyword of an application policy.',
  message: ({ keyword, file, dropIn }) =>
    `${keyword} has a string at ${formatLocation(dropIn)} and an application policy, ${file}`,
  hint: () =>
    'remove one of the two, or write `# %drop_in_wins=true` into the application policy to keep the string',
}

const rawStringWins: Kind<{ keyword: string; file: string }> = {
  code: 'APPLICATION_RAW_STRING_WINS',
  severity: 'warning',
  fault: 'input',
  summary:
    'A gnutls drop-in takes the place of the string of an application policy, which allows that by `# %drop_in_wins=true`.',
  message: ({ keyword, file }) =>
    `the string of ${keyword} is used, and not the one that ${file} would give`,
}

const allowsNothing: Kind<{ application: string; backend: string; lacking: string }> = {
  code: 'APPLICATION_ALLOWS_NOTHING',
  severity: 'warning',
  fault: 'input',
  summary:
    'An application policy and the system policy together leave nothing that can be negotiated. The program will refuse to start its TLS.',
  message: ({ application, backend, lacking }) =>
    `${application} can negotiate nothing with ${backend}: ${lacking}`,
  hint: ({ application }) => `see what is left: cryptopolicy show --app ${application}`,
}

const cannotSay: Kind<{ application: string; backend: string; what: string }> = {
  code: 'APPLICATION_CANNOT_SAY',
  severity: 'warning',
  fault: 'input',
  summary:
    'A back-end cannot say a part of an application policy. It allows less than the policy then, never more, unless the message says so.',
  message: ({ application, backend, what }) => `${application}, ${backend}: ${what}`,
}

const noEffect: Kind<{
  application: string
  directive: string
  backends: readonly string[]
}> = {
  code: 'APPLICATION_NO_EFFECT',
  severity: 'warning',
  fault: 'input',
  summary: 'No back-end of the application reads what a line of its policy sets.',
  message: ({ application, directive, backends }) =>
    `\`${directive}\` does nothing for ${application}: its back-ends are ${backends.join(', ')}`,
  hint: () => 'take the line out, correct its scope, or name more back-ends: `# %back_ends=...`',
}

const keywordUnwritten: Kind<{ keyword: string }> = {
  code: 'APPLICATION_KEYWORD_UNWRITTEN',
  severity: 'warning',
  fault: 'input',
  summary: 'An application policy sets a keyword, and `gnutls` is not among its back-ends.',
  message: ({ keyword }) => `no string is written for ${keyword}: the back-end gnutls is not named`,
  hint: () => 'add gnutls to `# %back_ends=...`, or take the keyword out',
}

const keywordUnasked: Kind<{ name: string; keyword: string; asked: string }> = {
  code: 'APPLICATION_KEYWORD_UNASKED',
  severity: 'warning',
  fault: 'input',
  summary: 'The program of that name asks GnuTLS for another keyword.',
  message: ({ name, keyword, asked }) => `${name} asks for ${asked}, not for ${keyword}`,
  hint: () => 'correct `# %keyword=...`, or set the string in the configuration of the program',
}

const noString: Kind<{ name: string; keyword: string; file: string; known: readonly string[] }> = {
  code: 'APPLICATION_NO_STRING',
  severity: 'warning',
  fault: 'missing',
  summary:
    'The configuration file has no string for the keyword of an application, so the application gets the string of the system.',
  message: ({ name, keyword, file }) =>
    `${file} has no string for ${keyword}: ${name} gets that of the system`,
  hint: ({ name, known }) =>
    known.includes(name)
      ? `put its policy in force: update-policies --enable-application ${name}`
      : didYouMean(name, known),
}

const unknownApplication: Kind<{ name: string; known: readonly string[] }> = {
  code: 'APPLICATION_NOT_FOUND',
  severity: 'error',
  fault: 'missing',
  summary: 'There is no application policy of that name.',
  message: ({ name }) => `no application policy \`${name}\``,
  hint: ({ name, known }) =>
    didYouMean(name, known) ??
    (known.length > 0 ? `there are ${known.join(', ')}` : 'write one: applications/NAME.pmod'),
}

const badApplicationName: Kind<{ name: string }> = {
  code: 'APPLICATION_BAD_NAME',
  severity: 'error',
  fault: 'input',
  summary: 'The name of an application policy has a character that cannot be in one.',
  message: ({ name }) => `\`${name}\` is no name of an application`,
  hint: () => 'names are made of letters, digits, `-`, `_` and `.`, as in libvirt.pmod',
}

const notEnabled: Kind<{ name: string }> = {
  code: 'APPLICATION_NOT_ENABLED',
  severity: 'error',
  fault: 'missing',
  summary:
    'The application policy is masked: its file is a link to /dev/null, so there is nothing to use.',
  message: ({ name }) =>
    `the application policy \`${name}\` is masked: its file is a link to /dev/null`,
  hint: () => 'remove the link, or put a policy in its place',
}

export const APPLICATION_KINDS = defineKinds({
  unknownPragma,
  repeatedPragma,
  misplacedPragma,
  badPragma,
  unknownBackend,
  exceeds,
  sameKeyword,
  rawString,
  rawStringWins,
  allowsNothing,
  cannotSay,
  noEffect,
  keywordUnwritten,
  keywordUnasked,
  noString,
  unknownApplication,
  badApplicationName,
  notEnabled,
})
