/** OpenSSL: the system-wide TLS defaults of openssl.cnf (SSL_CONF_cmd(3), config(5)). */
import type { ProtocolFamily } from '../algorithms/protocol.ts'
import type { EffectivePolicy } from '../policy/effective-policy.ts'
import { defineBackend } from './backend.ts'
import { knownVersions } from './known-versions.ts'
import { opensslCipherString, opensslCiphersuites } from './openssl-ciphers.ts'
import {
  OPENSSL_CLASSIC_GROUPS,
  OPENSSL_MLKEM_GROUPS,
  OPENSSL_SIGNATURES,
  OPENSSL_VERSIONS,
} from './openssl-names.ts'
import { translate } from './translate.ts'

/** Keys that `openssl req` makes are never smaller, whatever the policy accepts. */
const SMALLEST_NEW_KEY = 2048

export const opensslcnf = defineBackend({
  name: 'opensslcnf',
  title: 'OpenSSL',
  purposes: ['openssl'],
  print: ({ openssl: effective }) =>
    [
      `CipherString = ${opensslCipherString(effective).join(':')}`,
      `Ciphersuites = ${opensslCiphersuites(effective).join(':')}`,
      ...versionRange(effective, 'tls'),
      ...versionRange(effective, 'dtls'),
      `SignatureAlgorithms = ${translate(effective.enabled.sign, OPENSSL_SIGNATURES).join(':')}`,
      `Groups = ${groups(effective)}`,
      ...(effective.choices.__ems === 'RELAX' ? ['Options = RHNoEnforceEMSinFIPS'] : []),
      ...otherSections(effective),
    ].join('\n'),
})

/** A family of which nothing is left gets a range that ends before it begins. */
function versionRange(effective: EffectivePolicy, family: ProtocolFamily): readonly string[] {
  const versions = knownVersions(effective, family, OPENSSL_VERSIONS)
  const title = family.toUpperCase()
  if (versions.length > 0) {
    return [`${title}.MinProtocol = ${versions.at(-1)}`, `${title}.MaxProtocol = ${versions[0]}`]
  }
  return [
    `# Disable all ${title}`,
    `${title}.MinProtocol = DTLSv1.2`,
    `${title}.MaxProtocol = DTLSv1.1`,
  ]
}

/**
 * `*mlkem:mlkem/*classic:classic`: a slash ends a class that a server prefers as a whole, a star
 * marks what a client sends a key share for (SSL_CTX_set1_groups_list(3)).
 */
function groups({ enabled }: EffectivePolicy): string {
  return [OPENSSL_MLKEM_GROUPS, OPENSSL_CLASSIC_GROUPS]
    .map((words) => translate(enabled.group, words))
    .filter((names) => names.length > 0)
    .map((names) => `*${names.join(':')}`)
    .join('/')
}

function otherSections({ integers }: EffectivePolicy): readonly string[] {
  const blocksSha1 = integers.__openssl_block_sha1_signatures > 0
  return [
    '',
    '[req]',
    `default_bits = ${Math.max(integers.min_rsa_size, SMALLEST_NEW_KEY)}`,
    '',
    '[openssl_init]',
    'alg_section = evp_properties',
    '',
    '[evp_properties]',
    `rh-allow-sha1-signatures = ${blocksSha1 ? 'no' : 'yes'}`,
    '',
  ]
}
