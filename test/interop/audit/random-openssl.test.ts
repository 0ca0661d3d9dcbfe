/**
 * OpenSSL's server with random settings: what the audit finds is what `openssl ciphers -s` lists for the same
 * settings, as far as the keys of the server go, whether it wants a certificate of the client or not.
 *
 * `npm run soak:audit` asks a hundred.
 */
import { expect, test } from 'vitest'
import { findTlsSuiteByOpensslName } from '../../../src/algorithms/tls-suite-openssl.ts'
import { Random } from '../../fuzz/random.ts'
import { execFileSync, spawnSync } from '../../peers/child-process.ts'
import { hasPeer } from '../../peers/peer.ts'
import { SEED } from '../../seed.ts'
import { startPeer } from '../tls-peer.ts'
import { auditCounted, keyFiles, namesFound, permittedConnections } from './audited-server.ts'
import { drawSome } from './draw-some.ts'

const SERVERS = Number(process.env.AUDIT_SERVERS ?? 4)

/** OpenSSL's words for a version, and ours. */
/** Newest first. */
const VERSIONS = [
  ['-tls1_3', 'TLS1.3'],
  ['-tls1_2', 'TLS1.2'],
  ['-tls1_1', 'TLS1.1'],
  ['-tls1', 'TLS1.0'],
] as const

const LEVEL = '@SECLEVEL=0'
const SUITES_13 = [
  ...['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
  ...['TLS_AES_128_CCM_SHA256', 'TLS_AES_128_CCM_8_SHA256'],
]
const GROUPS = {
  'P-256': 'secp256r1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
  X25519: 'x25519',
  X448: 'x448',
} as const
const SCHEMES = {
  'RSA+SHA256': 'rsa_pkcs1_sha256',
  'RSA+SHA512': 'rsa_pkcs1_sha512',
  'RSA+SHA1': 'rsa_pkcs1_sha1',
  'RSA-PSS+SHA256': 'rsa_pss_rsae_sha256',
  'RSA-PSS+SHA384': 'rsa_pss_rsae_sha384',
  'ECDSA+SHA256': 'ecdsa_secp256r1_sha256',
  'ECDSA+SHA384': 'ecdsa_secp384r1_sha384',
  'ECDSA+SHA512': 'ecdsa_secp521r1_sha512',
} as const

type Settings = {
  readonly suites: string
  readonly suites13: string
  readonly groups: readonly (keyof typeof GROUPS)[]
  readonly schemes: readonly (keyof typeof SCHEMES)[]
  readonly excluded: readonly string[]
}

function draw(random: Random): Settings {
  const all = execFileSync('openssl', ['ciphers', '-s', '-tls1_2', `ALL:COMPLEMENTOFALL:${LEVEL}`])
  const suites = drawSome(random, all.trim().split(':')).slice(0, 25)
  // The key over P-256 serves TLS 1.2 where its curve is among the groups.
  const groups = drawSome(random, Object.keys(GROUPS) as (keyof typeof GROUPS)[])
  const needed = ['RSA-PSS+SHA256', 'ECDSA+SHA256'] as const
  const schemes = drawSome(random, Object.keys(SCHEMES) as (keyof typeof SCHEMES)[])
  return {
    suites: `${suites.join(':')}:${LEVEL}`,
    suites13: drawSome(random, SUITES_13).join(':'),
    groups: [...new Set(['P-256' as const, ...groups])],
    schemes: [...new Set([...needed, ...schemes])],
    excluded: drawSome(random, VERSIONS)
      .slice(0, 2)
      .map(([word]) => word.replace('-', '-no_')),
  }
}

/** What `openssl ciphers -s` lists for a version, as far as a server has keys for it. */
function suitesOf({ suites, suites13 }: Settings, word: string): readonly string[] {
  const args = ['ciphers', '-s', '-v', word, '-ciphersuites', suites13, suites]
  const { stdout } = spawnSync('openssl', args, { encoding: 'utf8' })
  const lines = stdout.split('\n').filter((line) => /Au=(RSA|ECDSA|None|any) /.test(line))
  return lines
    .filter((line) => !/Kx=(RSA|DHE|ECDHE)?PSK|Kx=SRP/.test(line))
    .filter((line) => word === '-tls1_3' || !/^TLS_/.test(line))
    .map((line) => ianaName(line.split(' ')[0] ?? ''))
    .toSorted()
}

/**
 * The version that OpenSSL takes for the newest one: where one between two others is off, that below it. A server
 * that has no suite of it fails at every client: `No ciphers enabled for max supported SSL/TLS version`.
 */
function newestForOpenssl(excluded: readonly string[]): string {
  let newest = ''
  let isBehindGap = true
  for (const [word] of VERSIONS) {
    const isOff = excluded.includes(word.replace('-', '-no_'))
    if (!isOff && isBehindGap) newest = word
    isBehindGap = isOff
  }
  return newest
}

/** The names of ARIA are the registry's, with other signs. */
function ianaName(name: string): string {
  const [, exchange = 'RSA', bits, hash] = /^(?:(.*)-)?ARIA(\d+)-GCM-(\w+)$/.exec(name) ?? []
  if (bits) {
    const key = { DHE: 'DHE_RSA', 'ECDHE-ARIA': 'ECDHE_RSA', ECDHE: 'ECDHE_RSA' }[exchange]
    return `TLS_${key ?? exchange.replaceAll('-', '_')}_WITH_ARIA_${bits}_GCM_${hash}`
  }
  return findTlsSuiteByOpensslName(name)?.name ?? name
}

test
  .skipIf(!hasPeer('openssl'))
  .each(Array.from({ length: SERVERS }, (_, index) => SEED * 1000 + index))(
  'openssl s_server with random settings, seed %i [openssl]',
  async (seed) => {
    const random = new Random(seed)
    const settings = draw(random)
    const { suites, suites13, groups, schemes, excluded } = settings
    const [rsa, ec] = keyFiles(['rsa-2048', 'ec-P-256'])
    const client = random.pick([[], ['-verify', '1'], ['-Verify', '1']])
    const order = random.pick([[], ['-serverpref']])
    const port = await startPeer('openssl', (free) => [
      ...['s_server', '-accept', `127.0.0.1:${free}`, '-quiet', '-cipher', suites],
      ...['-ciphersuites', suites13, '-groups', groups.join(':'), '-sigalgs', schemes.join(':')],
      ...['-cert', rsa?.certificate ?? '', '-key', rsa?.key ?? ''],
      ...['-dcert', ec?.certificate ?? '', '-dkey', ec?.key ?? ''],
      ...[...client, ...order, ...excluded],
    ])
    const { tls, counted } = await auditCounted(port)
    const found = namesFound(tls)
    const told = JSON.stringify(settings)
    const servesAny = suitesOf(settings, newestForOpenssl(excluded)).length > 0
    for (const [word, name] of VERSIONS) {
      const isOn = !excluded.includes(word.replace('-', '-no_')) && servesAny
      expect(found[`suites ${name}`] ?? [], `${name} ${told}`).toEqual(
        isOn ? suitesOf(settings, word) : [],
      )
    }
    if (found['suites TLS1.3']) {
      expect(found['groups TLS1.3'], told).toEqual(groups.map((name) => GROUPS[name]).toSorted())
      const usable = schemes
        .map((name) => SCHEMES[name])
        .filter((name) => /pss|ecdsa_secp256/.test(name))
      expect(found['signatures TLS1.3'], told).toEqual(usable.toSorted())
    }
    expect(counted, told).toBeLessThanOrEqual(permittedConnections(tls))
  },
)
