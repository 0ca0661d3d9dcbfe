/** A server that knows the primes of RFC 7919 keeps one of its own for clients that name none of them. */
import { getDiffieHellman } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { sequenceOf, unsignedInteger } from '../../../src/asn1/der-writer.ts'
import { encodePem } from '../../../src/asn1/pem.ts'
import { ACCEPTED } from '../../audit/answers.ts'
import { testWith } from '../../peers/peer.ts'
import { startPeer } from '../tls-peer.ts'
import { auditCounted, keyFiles } from './audited-server.ts'
import { scratchFolder } from './ssh-server.ts'

/** The prime of 1536 bits of RFC 3526, for `--dhparams`. */
function ownParameters(): string {
  const prime = BigInt(`0x${getDiffieHellman('modp5').getPrime('hex')}`)
  const path = join(scratchFolder(), 'own.pem')
  writeFileSync(
    path,
    encodePem('DH PARAMETERS', sequenceOf(unsignedInteger(prime), unsignedInteger(2n))),
  )
  return path
}

for (const [groups, named] of [
  [
    ['+GROUP-FFDHE2048', '+GROUP-FFDHE3072'],
    ['ffdhe2048', 'ffdhe3072'],
  ],
  [['+GROUP-SECP256R1'], []],
] as const) {
  testWith(
    'gnutls-serv',
    `a prime of its own beside ${named.join(' and ') || 'none'}`,
    async () => {
      const [rsa] = keyFiles(['rsa-2048'])
      const priority = [
        ...['NONE', '+COMP-NULL', '+CTYPE-X509', '+VERS-TLS1.2', '+VERS-TLS1.1', '+AES-128-CBC'],
        ...['+SHA1', '+DHE-RSA', '+SIGN-RSA-SHA256', ...groups],
      ].join(':')
      const parameters = ownParameters()
      const args = (port: number) => [
        ...['-p', String(port), '--quiet', '--echo', '--disable-client-cert'],
        ...['--priority', priority, '--dhparams', parameters],
        ...['--x509certfile', rsa?.certificate ?? '', '--x509keyfile', rsa?.key ?? ''],
      ]
      const port = await startPeer('gnutls-serv', args, {
        GNUTLS_SYSTEM_PRIORITY_FILE: '/dev/null',
      })
      const { tls } = await auditCounted(port)
      const primes = tls.diffieHellman.map(({ bits, group }) => group ?? bits)
      expect(primes.toSorted()).toEqual([1536, ...named])
      const suites = tls.suites.map(({ version, items }) => [
        version,
        ...items.map(({ name }) => name),
      ])
      const suite = 'TLS_DHE_RSA_WITH_AES_128_CBC_SHA'
      expect(suites).toEqual([
        ['TLS1.2', suite],
        ['TLS1.1', suite],
      ])
      const schemes = tls.signatures.flatMap(({ items }) => items.map(({ name }) => name))
      expect(schemes).toEqual(['rsa_pkcs1_sha256'])
      const { unknownValues, unknownVersion } = tls.features
      expect([unknownValues, unknownVersion]).toEqual([ACCEPTED, ACCEPTED])
      expect(tls.protocols.end).toEqual({ answer: 'not-offered' })
    },
  )
}
