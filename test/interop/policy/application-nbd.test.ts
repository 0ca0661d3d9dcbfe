/** `nbd serve --application` negotiates what the policy of the application allows, and all that it has of that. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { AllowedTls } from '../../../src/algorithms/allowed-tls.ts'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import { tlsOptionsFor } from '../../../src/library/tls.ts'
import { allowedByPolicy } from '../../../src/policy/allowed-by-policy.ts'
import { Random } from '../../fuzz/random.ts'
import { launchNbd } from '../../nbd/our-server.ts'
import { SEED } from '../../seed.ts'
import { type KeyKind, makeIdentity } from '../../tls/certificates.ts'
import { enumerateProbed } from '../../tls/prober/enumerate-server.ts'
import { findLooser, type Negotiated } from '../../tls/prober/negotiated.ts'
import { probeNbd } from '../../tls/prober/probe-server.ts'
import { findMissing } from '../convert/servers/promised.ts'
import { testFolder } from '../convert/servers/server-process.ts'
import { type Case, COUNT, drawCase, isOwnPrime } from './application-cases.ts'

/** A server of NBD has one key, so each kind is shown by a server of its own. */
const KEYS: readonly KeyKind[] = ['rsa-3072', 'ec-prime256v1']

/** Nothing is left to negotiate. */
const EMPTY = /error\[(TLS_NOTHING_NEGOTIABLE|PRIORITY_INSUFFICIENT)\]/
/** The policy takes no such key of the server itself. */
const REFUSED_KEY = /error\[(TLS_WEAK_SIGNATURE|TLS_WEAK_KEY|TLS_FORBIDDEN_KEY)\]/

test(`under ${COUNT} random policies it negotiates all that is promised, and nothing that is forbidden`, async () => {
  const random = new Random(SEED)
  const found: object[] = []
  for (let answering = 0; answering < COUNT; ) {
    const { one, promised } = drawUsable(random)
    for (const kind of KEYS) {
      const negotiated = await enumerateNbd(one, kind)
      if (!negotiated) continue
      const problems = findProblems(one, promised, kind, negotiated)
      if (problems.length > 0) found.push({ name: one.name, kind, problems })
      if (negotiated.size > 0) answering++
    }
  }
  expect(found).toEqual([])
}, 1_200_000)

/** Gives nothing where the server refuses to start for its own key. */
async function enumerateNbd({ host }: Case, kind: KeyKind): Promise<Negotiated | undefined> {
  const server = launchNbd(argsFor(host.base, kind), { ownPlace: true })
  const [, port] = /^ready: \S+:(\d+) /m.exec(await server.says(/^ready: /m)) ?? []
  if (port !== undefined) {
    const negotiated = await enumerateProbed([probeNbd(Number(port))])
    expect(await server.stop()).toBe(0)
    return negotiated
  }
  if (REFUSED_KEY.test(server.log())) return
  throw new Error(server.log())
}

function argsFor(base: string, kind: KeyKind): readonly string[] {
  const folder = testFolder()
  const authority = makeIdentity('Root CA', kind)
  const { certificate, key } = makeIdentity('localhost', kind, authority)
  writeFileSync(join(folder, 'ca-cert.pem'), authority.certificate)
  writeFileSync(join(folder, 'server-cert.pem'), certificate)
  writeFileSync(join(folder, 'server-key.pem'), key, { mode: 0o600 })
  const object = `tls-creds-x509,id=tls0,endpoint=server,dir=${folder},verify-peer=off`
  const place = ['-b', '127.0.0.1', '-p', '0', '-t', '--memory', '1M']
  const policy = ['--application', 'app', '--base-dir', base]
  return [...place, ...policy, '--object', object, '--tls-creds', 'tls0']
}

function findProblems(
  { policy }: Case,
  promised: AllowedTls,
  kind: KeyKind,
  seen: Negotiated,
): readonly string[] {
  const allowed = allowedByPolicy(policy, 'gnutls')
  const looser = findLooser(seen, allowed).filter((problem) => !isOwnPrime(problem, allowed))
  const missing = findMissing(seen, promised, [kind])
  return [...looser, ...missing.map((name) => `missing: ${name}`)]
}

/** Most random policies leave nothing to negotiate, which another test judges. */
function drawUsable(random: Random): { one: Case; promised: AllowedTls } {
  for (;;) {
    const one = drawCase(random)
    const promised = promisedTo(one.host.base)
    if (promised) return { one, promised }
  }
}

/** What the policy allows and OpenSSL has, as programs are told it. */
function promisedTo(baseDir: string): AllowedTls | undefined {
  try {
    return tlsOptionsFor({ application: 'app', baseDir }).allowed
  } catch (error) {
    const isEmpty =
      error instanceof DiagnosticError && EMPTY.test(`error[${error.diagnostics[0]?.code}]`)
    if (isEmpty) return
    throw error
  }
}
