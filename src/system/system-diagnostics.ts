/** Every error and warning about the host's files, in one place. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'
import { didYouMean } from '../diagnostics/suggestion.ts'

type Kind<Data> = DiagnosticKind<Data>

const policyNotFound: Kind<{
  name: string
  file: string
  searched: readonly string[]
  known: readonly string[]
}> = {
  code: 'POLICY_NOT_FOUND',
  severity: 'error',
  fault: 'missing',
  summary: 'No policy or module of that name is in any of the folders that are searched.',
  message: ({ name, file, searched }) =>
    `unknown policy \`${name}\`: no ${file} in ${searched.join(', ')}`,
  hint: ({ name, known }) =>
    didYouMean(name, known) ?? (known.length > 0 ? `there are ${known.join(', ')}` : undefined),
  reference: ({ name, file, searched }) => ({
    text: `Unknown policy \`${name}\`: file \`${file}\` not found in (${searched.join(', ')})`,
  }),
}

const badPolicyName: Kind<{ name: string }> = {
  code: 'POLICY_BAD_NAME',
  severity: 'error',
  fault: 'input',
  summary: 'A policy or module name has a character that cannot be in one.',
  // With an @ it may be the password of an address, whose user was taken for the policy.
  message: ({ name }) => `\`${name.replace(/^.+@/s, '***@')}\` is not a policy name`,
  hint: () => 'names are made of letters, digits, `-`, `_` and `.`, as in DEFAULT:NO-SHA1',
}

/** What was to name a policy: a file, or an argument as it was typed. */
export type SelectionOrigin = { readonly file: string } | { readonly argument: string }

const noPolicyNamed: Kind<SelectionOrigin> = {
  code: 'POLICY_NO_NAME',
  severity: 'error',
  fault: 'input',
  summary: 'The configuration file names no policy, or an argument names modules alone.',
  message: (origin) =>
    `${'file' in origin ? origin.file : `\`${origin.argument}\``} names no policy`,
  hint: (origin) =>
    'file' in origin
      ? 'write DEFAULT into it, or run update-policies --set DEFAULT'
      : 'begin with the name of a policy, as in DEFAULT:NO-SHA1',
}

const currentDirectoryPolicy: Kind<{ path: string }> = {
  code: 'POLICY_FROM_CURRENT_DIRECTORY',
  severity: 'warning',
  isAlwaysTold: true,
  fault: 'input',
  summary:
    'A policy file in the current directory comes before the one of the same name in the policy folders.',
  message: ({ path }) => `${path} in the current directory is used`,
  hint: () => 'run the command from another directory if you did not mean that',
}

const notRoot: Kind<{ program: string }> = {
  code: 'NOT_ROOT',
  severity: 'error',
  fault: 'permission',
  summary: 'Only root may change /etc/crypto-policies.',
  message: ({ program }) => `You must be root to run ${program}.`,
  hint: () => 'run it with sudo, or try it in a scratch folder: --base-dir DIR',
  reference: () => ({ text: 'You must be root to run update-crypto-policies.' }),
}

const locked: Kind<{ path: string; seconds: number }> = {
  code: 'RUN_LOCKED',
  severity: 'error',
  fault: 'unavailable',
  summary: 'Another run holds the lock and did not end in time.',
  message: ({ path, seconds }) =>
    `another run is at work (${path}) and did not end in ${seconds} s`,
  hint: () => 'see what it is doing: fuser -v on the lock file',
}

const waiting: Kind<{ seconds: number }> = {
  code: 'RUN_WAITING',
  severity: 'note',
  fault: 'unavailable',
  summary: 'Another run is at work; this one waits for it.',
  message: ({ seconds }) => `another run is at work; waiting up to ${seconds} s for it to end`,
}

const bareGnutlsDropIn: Kind<{ line: string }> = {
  code: 'DROPIN_GNUTLS_BARE_PRIORITY',
  severity: 'error',
  fault: 'input',
  summary:
    'A gnutls drop-in holds a priority string without a keyword, so no application would find it.',
  message: () => 'a priority string without a keyword: GnuTLS looks strings up by KEYWORD',
  hint: ({ line }) => `write KEYWORD=STRING, for libvirt: LIBVIRT=${line}`,
}

const gnutlsDropInSyntax: Kind<{ line: string }> = {
  code: 'DROPIN_GNUTLS_SYNTAX',
  severity: 'error',
  fault: 'input',
  summary: 'A line of a gnutls drop-in is neither `KEYWORD=STRING` nor a section nor a comment.',
  message: ({ line }) => `\`${line}\` is not KEYWORD=STRING`,
  hint: () => 'write one KEYWORD=STRING a line, for instance LIBVIRT=NORMAL',
}

const unendedDropIn: Kind<object> = {
  code: 'DROPIN_UNENDED',
  severity: 'warning',
  fault: 'input',
  summary: 'A drop-in does not end its last line, so the first line of the next one continues it.',
  message: () => 'the file does not end with a line end: the next drop-in continues this line',
}

const danglingDropIn: Kind<{ path: string }> = {
  code: 'DROPIN_DANGLING',
  severity: 'warning',
  fault: 'missing',
  summary: 'A drop-in is a link that leads nowhere. It is left out.',
  message: ({ path }) => `${path} is a link that leads nowhere; it is left out`,
  hint: () => 'remove it, or let it lead to /dev/null to mask a drop-in',
  reference: ({ path }) => ({ text: `Cannot read local policy file ${path}` }),
}

const dropInOfNone: Kind<{ path: string; backends: readonly string[] }> = {
  code: 'DROPIN_OF_NO_BACKEND',
  severity: 'warning',
  fault: 'input',
  summary:
    'A drop-in is named after no back-end, so that it is never read. Its name is `BACKEND-NAME.config`.',
  message: ({ path }) => `${path} is named after no back-end, and is never read`,
  hint: ({ path, backends }) =>
    didYouMean(/([^/-]*)[^/]*$/.exec(path)?.[1] ?? '', backends) ??
    `there are ${backends.join(', ')}`,
}

const prebuiltDiffers: Kind<{ path: string }> = {
  code: 'PREBUILT_DIFFERS',
  severity: 'warning',
  fault: 'answer',
  summary:
    'A pre-built output of the profile folder differs from what the policy gives. The back-end is still a link to it, and `--check` names the difference.',
  message: ({ path }) => `${path} is not what the policy gives; programs read it all the same`,
  hint: () =>
    'reinstall the package that it belongs to, or remove the file and run update-policies again',
}

const strangeFile: Kind<{ path: string }> = {
  code: 'BACKENDS_STRANGE_FILE',
  severity: 'warning',
  fault: 'answer',
  summary:
    'A file in back-ends or state does not come from a policy. It is left alone, and `--check` names it.',
  message: ({ path }) => `${path} is no file of a policy; it is left alone`,
  hint: () => 'move it elsewhere: update-policies --check goes on telling of it',
}

const storeNotOurs: Kind<{ path: string }> = {
  code: 'STORE_NOT_OURS',
  severity: 'error',
  fault: 'write',
  summary:
    'A link or a file stands where the generations of a policy are kept. It is not followed, and nothing was changed.',
  message: ({ path }) => `${path} is not a folder that update-policies made, and is not followed`,
  hint: () => 'find out who put it there, remove it, and run update-policies again',
}

const emptyName: Kind<{ given: string; searched: readonly string[] }> = {
  code: 'POLICY_EMPTY_NAME',
  severity: 'error',
  fault: 'input',
  summary:
    'The name of a policy to set has nothing beside a colon, as an empty variable of a shell leaves it. Modules would be lost.',
  message: ({ given }) =>
    /^:+$/.test(given)
      ? `--set '${given}' names neither a policy nor a module`
      : `--set '${given}' has a colon, and no module at it`,
  hint: ({ given }) =>
    /^:+$/.test(given)
      ? 'to set the configured policy without its modules, name the policy'
      : 'leave the colon out, or fill the variable that is empty',
  reference: ({ searched }) => ({
    text: `Unknown policy \`\`: file \`.pmod\` not found in (${searched.join(', ')})`,
  }),
}

const mountedPolicy: Kind<{ state: string }> = {
  code: 'FIPS_MOUNTED',
  severity: 'warning',
  fault: 'answer',
  summary:
    'The kernel was started with fips=1 and a FIPS policy is mounted over the configured one.',
  message: ({ state }) =>
    `a FIPS policy is mounted over the configured one since the start with fips=1; ${state} may not tell the truth`,
  reference: ({ state }) => ({
    text: [
      "There's an automatic FIPS policy bind-mount from booting with fips=1",
      `The information under ${state} might not be accurate.`,
    ].join('\n'),
  }),
}

const mountedIgnoresDropIns: Kind<{ folder: string }> = {
  code: 'FIPS_MOUNTED_IGNORES_DROPINS',
  severity: 'warning',
  fault: 'answer',
  summary: 'Drop-ins have no effect while a FIPS policy is mounted over the configured one.',
  message: ({ folder }) => `the drop-ins in ${folder} have no effect under the mounted FIPS policy`,
  hint: () => 'run update-policies --set FIPS to make them effective',
}

const fipsNeedsKernel: Kind<object> = {
  code: 'FIPS_NEEDS_KERNEL',
  severity: 'warning',
  fault: 'answer',
  summary: 'The FIPS policy alone does not make a system compliant.',
  message: () => 'the FIPS policy alone is not enough for FIPS compliance',
  hint: () => 'the kernel must be started with fips=1 as well',
  reference: () => ({
    text: [
      "Warning: Using 'update-crypto-policies --set FIPS' is not sufficient for",
      '         FIPS compliance.',
      '         The kernel must be started with `fips=1` for FIPS compliance.',
    ].join('\n'),
  }),
}

const fipsLeft: Kind<object> = {
  code: 'FIPS_LEFT',
  severity: 'warning',
  fault: 'answer',
  summary: 'The kernel runs in FIPS mode and the policy that is set is not FIPS.',
  message: () =>
    'the system runs in FIPS mode: this policy makes it non-compliant and may lock out SSH',
  hint: () => 'start the kernel without fips=1 to leave FIPS mode',
  reference: () => ({
    text: [
      "Warning: Using 'update-crypto-policies --set' in FIPS mode will make the system",
      '         non-compliant with FIPS.',
      '         It can also break ssh access to the system.',
      '         Reboot without `fips=1` on the kernel command line to disable the',
      '         system FIPS mode.',
    ].join('\n'),
  }),
}

const unmountFailed: Kind<{ path: string; output: string }> = {
  code: 'FIPS_UNMOUNT_FAILED',
  severity: 'error',
  fault: 'permission',
  summary: 'The mounted FIPS policy could not be unmounted, so the new policy was not set.',
  message: ({ path, output }) => `cannot unmount ${path}: ${output}`,
}

const consumerDisagrees: Kind<{ message: string }> = {
  code: 'CONSUMER_DISAGREES',
  severity: 'warning',
  fault: 'answer',
  summary:
    'An installed program does not understand a part of what was written for it. The file is written all the same.',
  message: ({ message }) => message,
}

const consumerStops: Kind<{
  who: string
  path: string
  what: string
  failure: string
  isRead: boolean
  isDropIn: boolean
  mayBeDropIn: boolean
  remedy: readonly string[] | undefined
}> = {
  code: 'HOST_PROGRAM_STOPS',
  severity: 'error',
  fault: 'answer',
  summary:
    'A program of this host cannot work with the new files, so the policy is not put in force. `--force` puts it in force, and then restarts no service. It is a warning where no configuration of the program names the file.',
  message: ({ who, path, what, failure, isRead }) =>
    `${who} ${failure} with ${path}: ${what}${isRead ? '' : '; no configuration of it leads there now'}`,
  hint: ({ who, isRead, isDropIn, mayBeDropIn, remedy }) => {
    const force = isRead ? ', or go on with --force' : ''
    if (isDropIn) return `mend or remove the drop-in${force}`
    if (mayBeDropIn)
      return `mend or remove the drop-in of this back-end that it cannot read${force}`
    if (!isRead)
      return 'once a configuration of it leads there, update-policies --reload names what to leave out'
    if (remedy) return `add a module with \`${remedy.join('; ')}\`${force}`
    return `no policy can leave this out: install another release of ${who.split(' ')[0]}, or do not let it read the file${force}`
  },
}

const EFFECTS: Readonly<Record<string, string>> = {
  'ignores-setting': 'and uses its own default instead',
  'ignores-value': 'and leaves it out',
}

const consumerIgnores: Kind<{ who: string; path: string; what: string; effect: string }> = {
  code: 'HOST_PROGRAM_IGNORES',
  severity: 'warning',
  fault: 'answer',
  summary:
    'A program of this host does not understand a part of the new files, and ignores that part.',
  message: ({ who, path, what, effect }) => `${who}, in ${path}: ${what}, ${EFFECTS[effect]}`,
}

const consumerSilent: Kind<{ path: string; reason: string }> = {
  code: 'HOST_PROGRAM_SILENT',
  severity: 'warning',
  fault: 'unavailable',
  summary:
    'An installed program was asked to read the new files and gave no answer: it could not be run, did not end in time, was killed, or printed without end. It is not known whether it can work with them.',
  message: ({ path, reason }) => `${path} is not checked: ${reason}`,
  hint: () =>
    'see whether the program still works after the switch, or leave the checks out with --no-verify',
}

const otherConfiguration: Kind<{ read: string; ours: string }> = {
  code: 'CONFIG_OTHER_FILE',
  severity: 'warning',
  fault: 'answer',
  summary:
    'GnuTLS of this host was built to read another file than the crypto policy writes, and both are there. The program reads the one that GnuTLS reads.',
  message: ({ read, ours }) => `GnuTLS of this host reads ${read} and not ${ours}`,
  hint: ({ read, ours }) =>
    `make ${read} a link to ${ours}, or name the file that is meant: GNUTLS_SYSTEM_PRIORITY_FILE or --config`,
}

const noInstalledLibrary: Kind<{ target: string; programs: readonly string[] }> = {
  code: 'SYSTEM_NO_INSTALLED_LIBRARY',
  severity: 'error',
  fault: 'unavailable',
  summary: 'No installed program tells which release of a library this host has.',
  message: ({ target, programs }) =>
    `cannot tell which release ${target} is here: no answer from ${programs.join(', ')}`,
  hint: () => 'name the release instead of --target installed',
}

const oldInstalledLibrary: Kind<{ library: string; version: string }> = {
  code: 'SYSTEM_OLD_INSTALLED_LIBRARY',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The installed release of a library is older than all that are supported.',
  message: ({ library, version }) => `${library} ${version} of this host is not supported`,
}

export const SYSTEM_KINDS = defineKinds({
  consumerStops,
  consumerIgnores,
  consumerSilent,
  noInstalledLibrary,
  oldInstalledLibrary,
  policyNotFound,
  badPolicyName,
  noPolicyNamed,
  currentDirectoryPolicy,
  notRoot,
  locked,
  waiting,
  bareGnutlsDropIn,
  gnutlsDropInSyntax,
  unendedDropIn,
  danglingDropIn,
  dropInOfNone,
  prebuiltDiffers,
  strangeFile,
  storeNotOurs,
  emptyName,
  mountedPolicy,
  mountedIgnoresDropIns,
  fipsNeedsKernel,
  fipsLeft,
  unmountFailed,
  consumerDisagrees,
  otherConfiguration,
})
