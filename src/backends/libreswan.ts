/** Libreswan: default proposals for IKE and ESP (ipsec.conf(5)). */
import type { CipherName } from '../algorithms/cipher.ts'
import type { GroupName } from '../algorithms/group.ts'
import type { MacName } from '../algorithms/mac.ts'
import type { SignatureName } from '../algorithms/signature.ts'
import type { EffectivePolicy } from '../policy/effective-policy.ts'
import { defineBackend } from './backend.ts'
import { translate, type Words } from './translate.ts'

type CipherRow = {
  readonly word: string
  /** MACs that may stand for the pseudo-random function of IKE with this cipher. */
  readonly prfs: readonly MacName[]
  /** MACs that may protect ESP with this cipher. */
  readonly integrity: readonly MacName[]
}

const SHA2: readonly MacName[] = ['HMAC-SHA2-512', 'HMAC-SHA2-256']

const CIPHERS: { readonly [Name in CipherName]?: CipherRow } = {
  'AES-256-CBC': { word: 'aes256', prfs: SHA2, integrity: [...SHA2, 'HMAC-SHA1'] },
  'AES-192-CBC': { word: 'aes192', prfs: SHA2, integrity: [...SHA2, 'HMAC-SHA1'] },
  'AES-128-CBC': {
    word: 'aes128',
    prfs: ['HMAC-SHA2-256'],
    integrity: ['HMAC-SHA2-256', 'HMAC-SHA1'],
  },
  'AES-256-GCM': { word: 'aes_gcm256', prfs: SHA2, integrity: ['AEAD'] },
  'AES-192-GCM': { word: 'aes_gcm192', prfs: SHA2, integrity: ['AEAD'] },
  'AES-128-GCM': { word: 'aes_gcm128', prfs: SHA2, integrity: ['AEAD'] },
  'CHACHA20-POLY1305': { word: 'chacha20_poly1305', prfs: SHA2, integrity: ['AEAD'] },
}

const MACS: Words<MacName> = {
  'HMAC-SHA2-512': 'sha2_512',
  'HMAC-SHA2-256': 'sha2_256',
  'HMAC-SHA1': 'sha1',
}

/** IANA "Transform Type 4 - Key Exchange Method Transform IDs". */
const GROUPS: Words<GroupName> = {
  X25519: 'dh31',
  SECP256R1: 'dh19',
  SECP384R1: 'dh20',
  SECP521R1: 'dh21',
  'FFDHE-1536': 'dh5',
  'FFDHE-2048': 'dh14',
  'FFDHE-3072': 'dh15',
  'FFDHE-4096': 'dh16',
  'FFDHE-8192': 'dh18',
}

const SIGNATURES: Words<SignatureName> = {
  'RSA-SHA1': 'rsa-sha1',
  'ECDSA-SHA2-256': 'ecdsa-sha2_256',
  'ECDSA-SHA2-384': 'ecdsa-sha2_384',
  'ECDSA-SHA2-512': 'ecdsa-sha2_512',
  'RSA-PSS-SHA2-256': 'rsa-sha2_256',
  'RSA-PSS-SHA2-384': 'rsa-sha2_384',
  'RSA-PSS-SHA2-512': 'rsa-sha2_512',
  'RSA-PSS-RSAE-SHA2-256': 'rsa-sha2_256',
  'RSA-PSS-RSAE-SHA2-384': 'rsa-sha2_384',
  'RSA-PSS-RSAE-SHA2-512': 'rsa-sha2_512',
}

/** Preference of the library rather than of the policy; what is not listed follows in its order. */
const IKE_MACS: readonly MacName[] = ['HMAC-SHA2-512', 'HMAC-SHA2-256', 'HMAC-SHA1']
/** SHA2-256 comes last: old kernels truncate it wrongly (sha2-truncbug in ipsec.conf(5)). */
const ESP_MACS: readonly MacName[] = ['HMAC-SHA2-512', 'HMAC-SHA1', 'HMAC-SHA2-256']
/** The two groups that peers most often choose: offering them first saves a round trip. */
const COMMON_GROUPS: readonly GroupName[] = ['SECP256R1', 'FFDHE-2048']

export const libreswan = defineBackend({
  name: 'libreswan',
  title: 'Libreswan',
  purposes: ['libreswan'],
  reloadCommand: 'systemctl try-restart ipsec.service 2>/dev/null || :',
  print: ({ libreswan: effective }) =>
    [
      'conn %default',
      ...versionLine(effective),
      ...line('ike', ikeProposals(effective)),
      ...line('esp', espProposals(effective)),
      ...line('authby', [...new Set(translate(effective.enabled.sign, SIGNATURES))]),
      '',
    ].join('\n'),
})

function line(key: string, values: readonly string[]): readonly string[] {
  return values.length > 0 ? [`\t${key}=${values.join(',')}`] : []
}

/** IKEv2 is what the library does by itself; only its absence needs saying. */
function versionLine({ enabled }: EffectivePolicy): readonly string[] {
  const onlyIkev1 = enabled.protocol.includes('IKEv1') && !enabled.protocol.includes('IKEv2')
  return line('ikev2', onlyIkev1 ? ['never'] : [])
}

/** `cipher-prf+prf-group+group` for each cipher that has a function left. */
function ikeProposals({ enabled }: EffectivePolicy): readonly string[] {
  const macs = sortBy(enabled.mac, IKE_MACS)
  const groups = translate(sortBy(enabled.group, COMMON_GROUPS), GROUPS)
  return rowsOf(enabled.cipher).flatMap(({ word, prfs }) => {
    const functions = translate(intersect(macs, prfs), MACS)
    return functions.length > 0 ? joinParts([[word], functions, groups]) : []
  })
}

/** `cipher` alone where it authenticates by itself, else `cipher-mac+mac`. */
function espProposals({ enabled }: EffectivePolicy): readonly string[] {
  const macs = sortBy(enabled.mac, ESP_MACS)
  return rowsOf(enabled.cipher).flatMap(({ word, integrity }) => {
    const usable = intersect(macs, integrity)
    return usable.length > 0 ? joinParts([[word], translate(usable, MACS)]) : []
  })
}

function rowsOf(ciphers: readonly CipherName[]): readonly CipherRow[] {
  return ciphers.flatMap((name) => CIPHERS[name] ?? [])
}

function intersect<Name>(names: readonly Name[], allowed: readonly Name[]): readonly Name[] {
  return names.filter((name) => allowed.includes(name))
}

function joinParts(parts: readonly (readonly string[])[]): string {
  const used = parts.filter((words) => words.length > 0)
  return used.map((words) => words.join('+')).join('-')
}

function sortBy<Name>(names: readonly Name[], first: readonly Name[]): readonly Name[] {
  return [...intersect(first, names), ...names.filter((name) => !first.includes(name))]
}
