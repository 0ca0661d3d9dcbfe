/**
 * Compares what a policy allows with what OpenSSH says that it uses under the file that is written for it
 * (`sshd -T`, `ssh -G`), and with what is said of the difference.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findBackend } from '../../../src/backends/all-backends.ts'
import { findLooseness } from '../../../src/backends/looseness/looseness.ts'
import { type EffectivePolicy, evaluatePolicy } from '../../../src/policy/effective-policy.ts'
import type { Policy } from '../../../src/policy/policy.ts'
import { purpose } from '../../../src/policy/scope.ts'
import { insidePath, output, type Place } from '../convert/hello-catcher.ts'

const SIDES = [
  { backend: 'opensshserver', purposeName: 'openssh-server' },
  { backend: 'openssh', purposeName: 'openssh-client' },
] as const

/** The options, what rules call their class, and the list of `ssh -Q` that holds all its names. */
const OPTIONS = [
  { option: 'Ciphers', what: 'ciphers', query: 'cipher' },
  { option: 'MACs', what: 'message authentication', query: 'mac' },
  { option: 'KexAlgorithms', what: 'key exchanges', query: 'kex' },
  { option: 'HostKeyAlgorithms', what: 'signatures', query: 'HostKeyAlgorithms' },
  { option: 'PubkeyAcceptedAlgorithms', what: 'signatures', query: 'PubkeyAcceptedAlgorithms' },
  { option: 'HostbasedAcceptedAlgorithms', what: 'signatures', query: 'HostKeyAlgorithms' },
  { option: 'CASignatureAlgorithms', what: 'signatures', query: 'sig' },
] as const

/** What an OpenSSH has, by the option. */
export type OpensshNames = ReadonlyMap<string, readonly string[]>

export async function opensshNames(place: Place): Promise<OpensshNames> {
  const names = new Map<string, readonly string[]>()
  for (const { option, query } of OPTIONS) {
    names.set(option, (await output(place, ['ssh', '-Q', query])).trim().split('\n'))
  }
  return names
}

export type OpensshVerdict = {
  /** What OpenSSH uses although the policy forbids it, and no rule says so. */
  readonly unannounced: readonly string[]
  /** What rules say that OpenSSH keeps, and it does not. */
  readonly falseAlarms: readonly string[]
  /** What the policy allows, OpenSSH has, and it does not use. */
  readonly missing: readonly string[]
}

/** @param place where `key` is a host key. */
export async function judgeOpenssh(
  policy: Policy,
  place: Place,
  known: OpensshNames,
): Promise<OpensshVerdict> {
  const verdicts: OpensshVerdict[] = []
  for (const { backend, purposeName } of SIDES) {
    const text = findBackend(backend)?.generate(policy) ?? ''
    const used = await usedUnder(backend, text, place, known)
    const effective = evaluatePolicy(policy, purpose(purposeName).scopes)
    const told = findLooseness(policy, { backend })
    verdicts.push(
      compare(
        backend,
        effective,
        used,
        told.flatMap(({ kept }) => kept),
        known,
      ),
    )
  }
  const all = (kind: keyof OpensshVerdict) => verdicts.flatMap((verdict) => verdict[kind])
  return {
    unannounced: all('unannounced'),
    falseAlarms: all('falseAlarms'),
    missing: all('missing'),
  }
}

type Used = ReadonlyMap<string, readonly string[]>

async function usedUnder(
  backend: string,
  text: string,
  place: Place,
  known: OpensshNames,
): Promise<Used> {
  await writeFile(join(place.folder, 'ssh_config'), knownLines(text, known))
  const config = insidePath(place, 'ssh_config')
  const command =
    backend === 'openssh'
      ? ['ssh', '-G', '-F', config, 'host.invalid']
      : ['/usr/sbin/sshd', '-T', '-h', insidePath(place, 'key'), '-f', config]
  const lines = (await output(place, command)).split('\n')
  const stopping = OPTIONS.map(({ option }) => option).filter((option) =>
    stops(option, text, known),
  )
  const used = new Map(
    lines.map((line) => {
      const [keyword = '', values = ''] = line.split(' ')
      return [keyword.toLowerCase(), values.split(',').filter(Boolean)] as const
    }),
  )
  for (const option of stopping) used.delete(option.toLowerCase())
  return used
}

/** Whether OpenSSH does not start at all, since the line has no name that it knows. */
function stops(option: string, text: string, known: OpensshNames): boolean {
  const values = new RegExp(`^${option} (.*)$`, 'm').exec(text)?.[1]
  return values?.split(',').every((name) => !known.get(option)?.includes(name)) ?? false
}

/** OpenSSH starts with no name that it does not know, so that these are left out. */
function knownLines(text: string, known: OpensshNames): string {
  const lines = text.split('\n').map((line) => {
    const [keyword = '', values = ''] = line.split(' ')
    if (keyword.startsWith('GSSAPI')) return ''
    const names = known.get(keyword)
    if (!names) return line
    const left = values.split(',').filter((name) => names.includes(name))
    return left.length > 0 ? `${keyword} ${left.join(',')}` : `# ${keyword}`
  })
  return `${lines.join('\n')}\n`
}

function compare(
  backend: string,
  effective: EffectivePolicy,
  used: Used,
  told: readonly string[],
  known: OpensshNames,
): OpensshVerdict {
  const unannounced: string[] = []
  const missing: string[] = []
  const found = new Set<string>()
  for (const { option, what } of OPTIONS) {
    const names = used.get(option.toLowerCase())
    if (!names) continue
    const allowed = (name: string) => isAllowed(option, name, effective, backend)
    for (const name of names.filter((one) => !allowed(one) && !isNameless(option, one))) {
      const all = `all that it has built in of ${what}`
      const words = [all, ...hostKeyWords(option, name, backend)]
      const saying = words.filter((word) => told.includes(word))
      for (const word of saying) found.add(word)
      if (saying.length === 0) unannounced.push(`${backend}: ${option} ${name}`)
    }
    if (option === 'HostKeyAlgorithms' && backend === 'openssh') continue
    const lost = (known.get(option) ?? []).filter((name) => allowed(name) && !names.includes(name))
    missing.push(...lost.map((name) => `${backend}: ${option} ${name}`))
  }
  const size = Number(used.get('requiredrsasize')?.[0] ?? 0)
  if (size < effective.integers.min_rsa_size) unannounced.push(`${backend}: RSA of ${size} bits`)
  const seen = /^(all that|host keys|certificates)/
  const falseAlarms = told.filter((word) => seen.test(word) && !found.has(word))
  return { unannounced, missing, falseAlarms: falseAlarms.map((word) => `${backend}: ${word}`) }
}

/** Kinds of host keys that no policy has a name for: docs/back-ends-cannot-say.md tells of them. */
function isNameless(option: string, name: string): boolean {
  return option === 'HostKeyAlgorithms' && /^(ssh-mldsa44-ed25519|webauthn-sk-)/.test(name)
}

function hostKeyWords(option: string, name: string, backend: string): readonly string[] {
  if (option !== 'HostKeyAlgorithms' || backend !== 'openssh') return []
  const plain = withoutCertificate(name)
  const certificates = plain === name ? [] : ['certificates of hosts']
  return [`host keys with ${SIGNATURES[plain] ?? name}`, ...certificates]
}

/** No file has ssh-dss: OpenSSH takes it as too weak since 7.0. RFC 4253, 4344, 5647, 8268, 8332, 8709 and OpenSSH's PROTOCOL: the names and what they need of a policy. */
const SIGNATURES: Readonly<Record<string, string>> = {
  'ssh-rsa': 'RSA-SHA1',
  'rsa-sha2-256': 'RSA-SHA2-256',
  'rsa-sha2-512': 'RSA-SHA2-512',
  'ssh-ed25519': 'EDDSA-ED25519',
  'sk-ssh-ed25519@openssh.com': 'EDDSA-ED25519-FIDO',
  'ecdsa-sha2-nistp256': 'ECDSA-SHA2-256',
  'ecdsa-sha2-nistp384': 'ECDSA-SHA2-384',
  'ecdsa-sha2-nistp521': 'ECDSA-SHA2-512',
  'sk-ecdsa-sha2-nistp256@openssh.com': 'ECDSA-SHA2-256-FIDO',
}

const EXCHANGES: Readonly<Record<string, readonly [string, string, string | undefined]>> = {
  'diffie-hellman-group1-sha1': ['DHE', 'SHA1', 'FFDHE-1024'],
  'diffie-hellman-group14-sha1': ['DHE', 'SHA1', 'FFDHE-2048'],
  'diffie-hellman-group14-sha256': ['DHE', 'SHA2-256', 'FFDHE-2048'],
  'diffie-hellman-group16-sha512': ['DHE', 'SHA2-512', 'FFDHE-4096'],
  'diffie-hellman-group18-sha512': ['DHE', 'SHA2-512', 'FFDHE-8192'],
  'diffie-hellman-group-exchange-sha1': ['DHE', 'SHA1', undefined],
  'diffie-hellman-group-exchange-sha256': ['DHE', 'SHA2-256', undefined],
  'ecdh-sha2-nistp256': ['ECDHE', 'SHA2-256', 'SECP256R1'],
  'ecdh-sha2-nistp384': ['ECDHE', 'SHA2-384', 'SECP384R1'],
  'ecdh-sha2-nistp521': ['ECDHE', 'SHA2-512', 'SECP521R1'],
  'curve25519-sha256': ['ECDHE', 'SHA2-256', 'X25519'],
  'sntrup761x25519-sha512': ['SNTRUP', 'SHA2-512', 'X25519'],
  'mlkem768x25519-sha256': ['KEM-ECDH', 'SHA2-256', 'MLKEM768-X25519'],
  'mlkem768nistp256-sha256': ['KEM-ECDH', 'SHA2-256', 'P256-MLKEM768'],
  'mlkem1024nistp384-sha384': ['KEM-ECDH', 'SHA2-384', 'P384-MLKEM1024'],
}

function withoutCertificate(name: string): string {
  return name.replace(/^(sk-.*)-cert-v01@/, '$1@').replace(/-cert-v01@openssh\.com$/, '')
}

function isAllowed(
  option: string,
  name: string,
  { enabled, integers, choices }: EffectivePolicy,
  backend: string,
): boolean {
  const has = (list: readonly string[], value: string | undefined) => list.includes(value ?? '')
  const plain = name.replace(/@(openssh\.com|libssh\.org|lysator\.liu\.se)$/, '')
  switch (option) {
    case 'Ciphers':
      return has(enabled.cipher, plain.toUpperCase().replace(/^AES(\d+)/, 'AES-$1'))
    case 'MACs': {
      const isEtm = plain.endsWith('-etm')
      if (choices.etm === (isEtm ? 'DISABLE_ETM' : 'DISABLE_NON_ETM')) return false
      const mac = plain.replace(/-etm$/, '').toUpperCase()
      return has(enabled.mac, mac)
    }
    case 'KexAlgorithms': {
      const [exchange, hash, group] = EXCHANGES[plain] ?? []
      const isRefused = group === 'FFDHE-1024' && backend === 'opensshserver'
      const isGroup = group ? has(enabled.group, group) : integers.arbitrary_dh_groups > 0
      return !isRefused && isGroup && has(enabled.key_exchange, exchange) && has(enabled.hash, hash)
    }
    default:
      if (/-cert-v01@/.test(name) && (integers.ssh_certs === 0 || option.startsWith('CA'))) {
        return false
      }
      return has(enabled.sign, SIGNATURES[withoutCertificate(name)])
  }
}
