/** A policy as a yardstick for SSH servers: the options that are written for OpenSSH's server, and the lines behind them. */
import type { HashName } from '../../algorithms/hash.ts'
import { opensshserver } from '../../backends/opensshserver.ts'
import {
  GSSAPI_KEY_EXCHANGES,
  type KeyExchangeWords,
  SSH_CIPHERS,
  SSH_KEY_EXCHANGES,
  SSH_MACS,
  SSH_SIGNATURES,
} from '../../backends/ssh-names.ts'
import { evaluatePolicy } from '../../policy/effective-policy.ts'
import type { Policy } from '../../policy/policy.ts'
import type { PropertyName } from '../../policy/properties.ts'
import { purpose } from '../../policy/scope.ts'
import type { Reason } from './finding.ts'
import { reasonInPolicy } from './policy-reasons.ts'

export type SshItemKind =
  | 'key exchange'
  | 'host key algorithm'
  | 'user signature algorithm'
  | 'cipher'
  | 'MAC'

export type SshYardstick = {
  readonly title: string
  /** Undefined where the options do not say it, so that OpenSSH's own list holds. */
  readonly allowed: Readonly<Record<SshItemKind, readonly string[] | undefined>>
  readonly leastRsaBits: number
  readonly leastPrimeBits: number
  readonly reasonsFor: (
    kind: SshItemKind | 'RSA size' | 'prime size',
    name: string,
  ) => readonly Reason[]
}

const { scopes } = purpose('openssh-server')

export function sshYardstick(policy: Policy): SshYardstick {
  const { integers } = evaluatePolicy(policy, scopes)
  const options = optionsOf(opensshserver.generate(policy))
  return {
    title: `the policy ${policy.name}, as the server of OpenSSH reads it`,
    allowed: {
      'key exchange': joined(options.get('KexAlgorithms'), options.get('GSSAPIKexAlgorithms')),
      'host key algorithm': options.get('HostKeyAlgorithms'),
      'user signature algorithm': options.get('PubkeyAcceptedAlgorithms'),
      cipher: options.get('Ciphers'),
      MAC: options.get('MACs'),
    },
    leastRsaBits: integers.min_rsa_size,
    leastPrimeBits: integers.min_dh_size,
    reasonsFor: (kind, name) => reasonsOf(policy, kind, name),
  }
}

function optionsOf(text: string): ReadonlyMap<string, readonly string[]> {
  const lines = text.split('\n').filter(Boolean)
  return new Map(
    lines.map((line) => {
      const [keyword = '', values = ''] = line.split(' ')
      return [keyword, values.split(',')]
    }),
  )
}

function joined(
  plain: readonly string[] | undefined,
  gssapi: readonly string[] | undefined,
): readonly string[] | undefined {
  return plain && [...plain, ...(gssapi ?? [])]
}

type Part = { readonly property: PropertyName; readonly value: string }

/** The lines that forbid it; where none does, those that allow it. */
function reasonsOf(policy: Policy, kind: string, name: string): readonly Reason[] {
  const parts = partsOf(kind, name)
  if (parts.length === 0) return [{ text: `no policy has a name for ${name}`, place: null }]
  const all = parts.map((part) => reasonInPolicy(policy, scopes, part))
  const forbidding = all.filter(({ isEnabled }) => !isEnabled)
  const told = forbidding.length > 0 ? forbidding : all
  return told.map(({ text, place }) => ({ text, place }))
}

function partsOf(kind: string, name: string): readonly Part[] {
  switch (kind) {
    case 'cipher':
      return named('cipher', keyOf(SSH_CIPHERS, name))
    case 'MAC':
      return macParts(name)
    case 'host key algorithm':
    case 'user signature algorithm':
      return signatureParts(name)
    case 'key exchange':
      return (
        keyExchangeParts(SSH_KEY_EXCHANGES, name) ??
        keyExchangeParts(GSSAPI_KEY_EXCHANGES, withoutMechanism(name)) ??
        []
      )
    case 'RSA size':
      return [{ property: 'min_rsa_size', value: name }]
    case 'prime size':
      return [{ property: 'min_dh_size', value: name }]
    default:
      return []
  }
}

function named(property: PropertyName, value: string | undefined): readonly Part[] {
  return value === undefined ? [] : [{ property, value }]
}

const UMAC: Readonly<Record<string, string>> = { 'UMAC-64': 'umac-64', 'UMAC-128': 'umac-128' }

function macParts(name: string): readonly Part[] {
  const plain = name.replace(/(-etm)?(@openssh\.com)?$/, '')
  const mac = keyOf({ ...SSH_MACS, ...UMAC, 'HMAC-MD5': 'hmac-md5' }, plain)
  return named('mac', mac)
}

function signatureParts(name: string): readonly Part[] {
  const plain = name.replace('-cert-v01@openssh.com', name.startsWith('sk-') ? '@openssh.com' : '')
  return named('sign', keyOf(SSH_SIGNATURES, plain))
}

/** A method is an exchange, a hash and a group together. */
function keyExchangeParts(words: KeyExchangeWords, name: string): readonly Part[] | undefined {
  for (const [exchange, hashes] of Object.entries(words)) {
    for (const [hash, groups] of Object.entries(hashes) as [HashName, object][]) {
      const group = keyOf(groups as Readonly<Record<string, string>>, name)
      if (group === undefined) continue
      const size: Part =
        group === 'negotiated'
          ? { property: 'arbitrary_dh_groups', value: '1' }
          : { property: 'group', value: group }
      const method: Part = { property: 'key_exchange', value: exchange }
      return [method, { property: 'hash', value: hash }, size]
    }
  }
  return undefined
}

/** `gss-group14-sha256-` of a name that ends in the hash of a mechanism (RFC 4462, section 2). */
function withoutMechanism(name: string): string {
  return name.slice(0, name.lastIndexOf('-') + 1)
}

function keyOf(
  table: Readonly<Record<string, string | readonly string[]>>,
  word: string,
): string | undefined {
  return Object.entries(table).find(([, words]) => [words].flat().includes(word))?.[0]
}
