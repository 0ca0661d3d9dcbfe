/** Asks installed programs which release of a library they use. */
import { fail } from '../diagnostics/diagnostic.ts'
import {
  type ConversionTarget,
  findRelease,
  type Library,
  type LibraryReleases,
} from '../priority/library-releases.ts'
import { runSync } from './consumers/run-sync.ts'
import { SYSTEM_KINDS } from './system-diagnostics.ts'

type Question = {
  readonly program: string
  readonly args: readonly string[]
  /** Finds the version in what the program prints. */
  readonly answer: RegExp
}

const OPENSSL: Question = {
  program: 'openssl',
  args: ['version'],
  answer: /^OpenSSL (\d+\.\d+\.\d+)/m,
}

/** Each program's own library counts: nginx and Node.js may bring another than the system's. */
const QUESTIONS: Readonly<Record<ConversionTarget, readonly Question[]>> = {
  openssl: [OPENSSL],
  node: [
    { program: 'node', args: ['-p', 'process.versions.openssl'], answer: /^(\d+\.\d+\.\d+)/m },
  ],
  nginx: [
    {
      program: 'nginx',
      args: ['-V'],
      answer: /(?:running|built) with OpenSSL (\d+\.\d+\.\d+)(?!.*running with)/s,
    },
  ],
  // These do not tell, and have that of the system.
  apache: [OPENSSL],
  dovecot: [OPENSSL],
  postgresql: [OPENSSL],
  haproxy: [
    {
      program: 'haproxy',
      args: ['-vv'],
      answer: /^Running on OpenSSL version : OpenSSL (\d+\.\d+\.\d+)/m,
    },
  ],
  postfix: [
    {
      program: 'postconf',
      args: ['-T', 'run-version'],
      answer: /^OpenSSL (\d+\.\d+\.\d+)/m,
    },
  ],
  java: [{ program: 'java', args: ['-version'], answer: /version "(?:1\.)?(\d+)/ }],
  go: [{ program: 'go', args: ['env', 'GOVERSION'], answer: /^go(\d+\.\d+)/m }],
  // NSS has no program that tells its version everywhere.
  nss: [
    { program: 'nss-config', args: ['--version'], answer: /^(\d+\.\d+)/m },
    { program: 'rpm', args: ['-q', '--qf', '%{VERSION}', 'nss'], answer: /^(\d+\.\d+)/m },
    {
      program: 'dpkg-query',
      args: ['-s', 'libnss3'],
      answer: /^Version: (?:\d+:)?(\d+\.\d+)/m,
    },
  ],
}

/** How long a program may take, in milliseconds. */
const TIME_LIMIT = 20_000

/**
 * The release of the library that a target uses on this host.
 *
 * @throws DiagnosticError where no program tells, or where the release is older than all that are
 * supported.
 */
export function findInstalledRelease(target: ConversionTarget, library: Library): LibraryReleases {
  const questions = QUESTIONS[target]
  const version = questions.flatMap((question) => ask(question) ?? []).at(0)
  const programs = questions.map(({ program }) => program)
  if (version === undefined) fail(SYSTEM_KINDS.noInstalledLibrary, { target, programs })
  const release = findRelease(library, version)
  if (release === undefined) fail(SYSTEM_KINDS.oldInstalledLibrary, { library, version })
  return { [library]: release }
}

function ask({ program, args, answer }: Question): string | undefined {
  const env = { ...process.env, LC_ALL: 'C' }
  const { stdout, stderr } = runSync(program, args, { timeout: TIME_LIMIT, env })
  return answer.exec(`${stdout ?? ''}\n${stderr ?? ''}`)?.[1]
}
