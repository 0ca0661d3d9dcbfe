/**
 * `npm run demo`: what the command lines do, on a scratch host that is removed at the end.
 *
 * Every command is printed as it is run, so that a user can repeat it in the checkout.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { styleText } from 'node:util'
import { hasPeer } from '../peers/peer.ts'
import { ENDPOINT_STEPS } from './endpoint-steps.ts'
import { foldLines } from './fold-lines.ts'
import { NBD_STEPS } from './nbd-steps.ts'
import type { Step } from './step.ts'

const ROOT = join(import.meta.dirname, '..', '..')

const STEPS: readonly Step[] = [
  {
    heading: 'Compile every shipped policy for every library',
    command: 'bin/cryptopolicy build policies $base_dir/compiled --no-verify | xargs -n 12',
    shows: /NEXT: 13 files written/,
  },
  {
    heading: 'Put DEFAULT in force, all files at once',
    command: 'bin/update-policies --set DEFAULT --quiet && bin/update-policies --check',
    shows: /matches the generated policy/,
  },
  {
    heading: 'What would FUTURE change? The first lines, by meaning rather than by text',
    command: 'bin/cryptopolicy plan --quiet --set FUTURE | head -n 8',
    shows: /min_rsa_size 2048 -> 3072/,
  },
  {
    heading: 'Switch; OpenSSH is one of those that notice',
    command:
      'bin/update-policies --set FUTURE --quiet && grep RSASize $base_dir/back-ends/openssh.config',
    shows: /^RequiredRSASize 3072$/m,
  },
  {
    heading: 'Why is AES-128-CBC off for SSH in DEFAULT? The line marked > decided',
    command: 'bin/cryptopolicy explain DEFAULT --scope ssh --value AES-128-CBC',
    shows: /^>.*turned it off$/m,
  },
  {
    heading:
      'A program that asks GnuTLS for @LIBVIRT,SYSTEM: which keyword does it get, from where?',
    command: 'bin/cryptopolicy resolve --explain @LIBVIRT,SYSTEM | cut -c 1-150 | head -n 3',
    shows: /^>\s+SYSTEM\s/m,
  },
  {
    heading: 'What does that string allow?',
    command: 'bin/cryptopolicy list --priority @LIBVIRT,SYSTEM | head -n 4',
    shows: /^TLS_AES_256_GCM_SHA384/m,
  },
  {
    heading: 'Two endpoints of our own obey it: what do they negotiate?',
    command:
      'node_modules/.bin/node test/demo/connection.ts @LIBVIRT,SYSTEM \\\n  $base_dir/back-ends/gnutls.config',
    shows: /^server: TLSv1\.3 TLS_AES_256_GCM_SHA384$/m,
  },
  {
    heading:
      'libvirt is to use less than the system: its application policy, compiled over DEFAULT',
    command:
      'bin/update-policies --set DEFAULT --quiet &&\n  bin/update-policies --enable-application libvirt --quiet &&\n  bin/cryptopolicy diff DEFAULT --app libvirt',
    shows: /^ {2}cipher - AES-256-CBC, - AES-128-CBC$/m,
  },
  {
    heading: 'Now @LIBVIRT,SYSTEM is a string of its own, and has none of these',
    command:
      'bin/cryptopolicy resolve --explain @LIBVIRT,SYSTEM | cut -c 1-150 | head -n 3\nbin/cryptopolicy resolve @LIBVIRT,SYSTEM | grep -c CBC',
    shows: /^>\s+LIBVIRT\s[\s\S]*^0$/m,
    status: 1,
  },
  {
    heading: 'Why may libvirt not use AES-CBC? Its own line decided',
    command:
      'bin/cryptopolicy explain --app libvirt --suite TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA |\n  cut -c 1-150',
    shows: /^ {2}>.*libvirt\.pmod:.*turned it off$/m,
  },
  {
    heading: 'A connection that obeys it',
    command:
      'node_modules/.bin/node test/demo/connection.ts @LIBVIRT,SYSTEM \\\n  $base_dir/back-ends/gnutls.config',
    shows: /^server: TLSv1\.3 TLS_AES_256_GCM_SHA384$/m,
  },
  {
    heading: 'A switch of the system policy takes libvirt along',
    command:
      'bin/cryptopolicy plan --quiet --set FUTURE | grep -A 3 libvirt\nbin/update-policies --set FUTURE --quiet &&\n  bin/cryptopolicy resolve @LIBVIRT,SYSTEM | grep -o PROFILE_.*',
    shows: /^PROFILE_HIGH$/m,
  },
  ...NBD_STEPS,
  {
    heading: 'A file is edited by hand, and --check names the line',
    command:
      "sed -i 's/RSASize 3072/RSASize 1024/' $base_dir/back-ends/openssh.config &&\n  bin/update-policies --check",
    status: 1,
    shows: /openssh\.config:\d+: differs: it was changed by hand/,
  },
  {
    heading: 'Another run mends it',
    command: 'bin/update-policies --quiet && bin/update-policies --check',
    shows: /matches the generated policy/,
  },
  ...ENDPOINT_STEPS,
]

/** What may be left after a step that went wrong. */
const SERVERS = ['nbd', 'host', 'console', 'old']

/** What runs at present; a signal ends it and all that it started. */
let running: ChildProcess | undefined
let endedBy: NodeJS.Signals | undefined

async function main(): Promise<number> {
  const base = mkdtempSync(join(tmpdir(), 'cryptopolicy-demo-'))
  try {
    console.log('To repeat this, begin in the checkout with:\n$ export base_dir=$(mktemp -d)')
    const steps = STEPS.filter(({ needs }) => needs === undefined || hasPeer(needs))
    for (const step of steps) {
      const isRight = await runStep(step, base)
      if (endedBy) return 128 + constants.signals[endedBy]
      if (!isRight) return 1
    }
    return 0
  } finally {
    for (const name of SERVERS) stopServer(join(base, `${name}.pid`))
    rmSync(base, { recursive: true, force: true })
  }
}

function stopServer(pidFile: string): void {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'))
    // 0, of an empty file, would be the group of the demo itself.
    if (pid > 0) process.kill(pid)
  } catch {
    // It was stopped, or never started.
  }
}

/** Prints a step and what its command prints; tells whether it went as it should. */
async function runStep(
  { heading, command, shows, status = 0 }: Step,
  base: string,
): Promise<boolean> {
  console.log(`\n${styleText('bold', heading, { stream: process.stdout })}\n$ ${command}`)
  const { profile_dir: _, ...inherited } = process.env
  const child = spawn('sh', ['-c', `exec 2>&1; ${command}`], {
    cwd: ROOT,
    env: { ...inherited, base_dir: base },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  running = child
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const [ended] = await once(child, 'close')
  if (endedBy) return false
  process.stdout.write(foldLines(output))
  if (ended === status && shows.test(output)) return true
  console.error(`error: status ${ended} and not ${status}, or nothing like ${shows}`)
  return false
}

function end(signal: NodeJS.Signals): void {
  endedBy = signal
  try {
    if (running?.pid) process.kill(-running.pid, 'SIGTERM')
  } catch {
    // It has ended by itself.
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
process.exitCode = await main()
