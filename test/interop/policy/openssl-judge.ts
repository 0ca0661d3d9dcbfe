/** Compares what a policy allows with what OpenSSL offers under the file that is written for it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isTls13Suite } from '../../../src/algorithms/handshake-needs.ts'
import { findTlsGroup } from '../../../src/algorithms/tls-groups.ts'
import { findTlsSuite } from '../../../src/algorithms/tls-suites.ts'
import { findLooseness } from '../../../src/backends/looseness.ts'
import { opensslcnf } from '../../../src/backends/opensslcnf.ts'
import { allowedByPolicy } from '../../../src/policy/allowed-tls.ts'
import type { Policy } from '../../../src/policy/policy.ts'
import { findTlsSignatureScheme } from '../../algorithms/by-number.ts'
import { decodeClientHello } from '../../tls/prober/client-hello.ts'
import { catchHello } from '../convert/hello-catcher.ts'

const HEAD =
  'openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = system\n[system]\n'

/** What OpenSSL offers although the policy forbids it, and no row of the table of looseness tells. */
export async function findLooserOpenssl(policy: Policy): Promise<readonly string[]> {
  const hello = await helloUnder(opensslcnf.generate(policy))
  if (!hello) return ['the client does not start']
  const offer = decodeClientHello(hello)
  const { suites, groups, signatureSchemes } = allowedByPolicy(policy, 'openssl')
  const told = findLooseness(policy)
    .filter(({ backend }) => backend === 'opensslcnf')
    .map(({ id }) => id)
  const beyond = (
    rows: readonly ({ readonly name: string; readonly number: number } | undefined)[],
    allowed: readonly { readonly number: number }[],
    ids: readonly string[],
  ): readonly string[] =>
    ids.some((id) => told.includes(id))
      ? []
      : rows.flatMap((row) =>
          row && !allowed.some(({ number }) => number === row.number) ? row.name : [],
        )
  const schemes = ['openssl-marked-signatures', 'openssl-no-signatures']
  return [
    ...beyond(offer.suites.map(findTlsSuite), suites, ['openssl-ciphers']),
    ...beyond(offer.groups.map(findTlsGroup), groups, ['openssl-groups']),
    ...beyond(offer.schemes.map(findTlsSignatureScheme), signatureSchemes, schemes),
    ...missingTls13(offer.suites, suites.filter(isTls13Suite)),
  ]
}

/** The suites of TLS 1.3 are told one by one, so that each is offered. */
function missingTls13(
  offered: readonly number[],
  allowed: readonly { readonly name: string; readonly number: number }[],
): readonly string[] {
  return allowed
    .filter(({ number }) => !offered.includes(number))
    .map(({ name }) => `not offered: ${name}`)
}

async function helloUnder(text: string): Promise<Buffer | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'cryptopolicy-test-'))
  try {
    const file = join(folder, 'openssl.cnf')
    await writeFile(file, `${HEAD}${text}`)
    const command = ['openssl', 's_client', '-psk', '00112233', '-connect']
    return await catchHello({ folder }, (port) => [...command, `127.0.0.1:${port}`], {
      OPENSSL_CONF: file,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
