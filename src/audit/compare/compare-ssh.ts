/** Holds what a scan of an SSH server found against a policy. */
import type { Answer } from '../model.ts'
import {
  ASKS_FOR_PRIME,
  isKnown,
  type Learnt,
  type SshOffer,
  type SshScan,
  tellsAllItKnows,
} from '../ssh-model.ts'
import { type Finding, sortFindings } from './finding.ts'
import { FINDING_KINDS, type FindingDetails, makeFinding } from './finding-kinds.ts'
import type { SshItemKind, SshYardstick } from './ssh-yardstick.ts'
import { unlessAnswered } from './unknown.ts'

const OFFERS = 'ssh offers'

/** Findings, worst first. */
export function compareSsh(scan: SshScan, yardstick: SshYardstick): readonly Finding[] {
  const { offer } = scan
  const versions = findVersion1(scan)
  if (!isKnown(offer)) {
    return [...versions, ...unlessAnswered(unlearnt(offer), 'algorithms', '', null, [OFFERS])]
  }
  return sortFindings([
    ...versions,
    ...LISTS.flatMap(({ kind, namesOf }) => compareNames(kind, namesOf(offer), yardstick)),
    ...compareUserSignatures(scan, yardstick),
    ...compareHostKeys(scan, yardstick),
    ...comparePrime(scan, yardstick),
  ])
}

/** Version 1.99 speaks SSH 1 too: RFC 4253, section 5.1. */
function findVersion1({ identification }: SshScan): readonly Finding[] {
  if (!/^SSH-1\./.test(identification)) return []
  const item = { kind: 'version', name: 'SSH1', version: null }
  const reasons = [{ text: 'no policy has a name for SSH 1', place: null }]
  const details = { item, evidence: [OFFERS], reasons, severity: 'critical' } as const
  return [makeFinding(FINDING_KINDS.versionForbidden, details)]
}

const USER_SIGNATURES = 'user signature algorithm'

/** Only the server's word shows them: to try one takes the name of a user, and a key that is let in. */
function compareUserSignatures(scan: SshScan, yardstick: SshYardstick): readonly Finding[] {
  if (!yardstick.allowed[USER_SIGNATURES]) return []
  const told = userSignaturesOf(scan)
  if (!isKnown(told)) {
    const remedy = told === NOT_TOLD ? LOOK_INTO_OPTIONS : undefined
    return unlessAnswered(told, `${USER_SIGNATURES}s`, '', null, [OFFERS], remedy)
  }
  const findings = compareNames(USER_SIGNATURES, told, yardstick)
  if (!tellsAllItKnows(scan.identification)) return findings
  return findings.some(({ code }) => code === FINDING_KINDS.sshForbidden.code)
    ? unlessAnswered(TELLS_ALL, `${USER_SIGNATURES}s`, '', null, [OFFERS], LOOK_INTO_OPTIONS)
    : []
}

/**
 * A server that tells none takes some all the same: RFC 8308, section 3.1, lets clients find out by trying, and RFC
 * 8332, section 3.3, lets them sign with SHA-1.
 */
function userSignaturesOf({ extensions }: SshScan): Learnt<readonly string[]> {
  if (isKnown(extensions)) return extensions.userSignatures ?? NOT_TOLD
  return extensions.answer === 'not-offered' ? NOT_TOLD : unlearnt(extensions)
}

const NOT_TOLD: Answer = {
  answer: 'unknown',
  because: 'it does not tell them (server-sig-algs of RFC 8308)',
}

const TELLS_ALL: Answer = {
  answer: 'unknown',
  because: 'OpenSSH before 9.6 tells all that it knows, whatever its configuration allows',
}

const LOOK_INTO_OPTIONS =
  'Look into the configuration of the server: PubkeyAcceptedAlgorithms of OpenSSH, as sshd -T shows it.'

/** A server that ends the connection, or offers nothing, has not said what it was asked for. */
function unlearnt(answer: Answer): Answer {
  if (answer.answer !== 'refused' && answer.answer !== 'not-offered') return answer
  const reason = answer.answer === 'refused' && answer.name !== null ? `: ${answer.name}` : ''
  return { answer: 'unknown', because: `the server ended the connection${reason}` }
}

const LISTS: readonly {
  readonly kind: SshItemKind
  readonly namesOf: (offer: SshOffer) => readonly string[]
}[] = [
  { kind: 'key exchange', namesOf: ({ keyExchanges }) => keyExchanges },
  { kind: 'host key algorithm', namesOf: ({ hostKeyAlgorithms }) => hostKeyAlgorithms },
  { kind: 'cipher', namesOf: ({ ciphers }) => [...ciphers.toServer, ...ciphers.toClient] },
  { kind: 'MAC', namesOf: ({ macs }) => [...macs.toServer, ...macs.toClient] },
]

function compareNames(
  kind: SshItemKind,
  offered: readonly string[],
  yardstick: SshYardstick,
): readonly Finding[] {
  const allowed = yardstick.allowed[kind]
  if (!allowed) return []
  const found = [...new Set(offered)]
  const details = (name: string) => ({
    item: { kind, name, version: null },
    evidence: [OFFERS],
    reasons: yardstick.reasonsFor(kind, name),
  })
  const forbidden = found
    .filter((name) => !allowed.some((one) => means(name, one)))
    .map((name) => {
      const severity = isBroken(name) ? 'high' : 'medium'
      return makeFinding(FINDING_KINDS.sshForbidden, { ...details(name), severity })
    })
  const absent = allowed
    .filter((one) => !found.some((name) => means(name, one)))
    .map((name) => makeFinding(FINDING_KINDS.sshAbsent, details(name)))
  return [...forbidden, ...absent]
}

/** Key exchanges of GSSAPI end in the hash of a mechanism (RFC 4462, section 2). */
function means(offered: string, allowed: string): boolean {
  return offered === allowed || (allowed.endsWith('-') && offered.startsWith(allowed))
}

function isBroken(name: string): boolean {
  const hasBrokenPart = /^none$|arcfour|3des|blowfish|cast128|md5|group1-|ssh-dss|-sha1/.test(name)
  return isRsaWithSha1(name) || (hasBrokenPart && !/^hmac-sha1/.test(name))
}

/** These names do not say their hash: RFC 4253, section 6.6, and RFC 6187, section 3. */
function isRsaWithSha1(name: string): boolean {
  return /^(?:x509v3-)?ssh-rsa(?:-cert-v0\d@openssh\.com)?$/.test(name)
}

function compareHostKeys({ hostKeys }: SshScan, yardstick: SshYardstick): readonly Finding[] {
  return hostKeys.flatMap(({ type, key, question }) => {
    const evidence = [question]
    if (!isKnown(key)) return unlessAnswered(unlearnt(key), 'host key', type, null, evidence)
    const own = compareKeySize({ type, ...key }, yardstick, {
      item: { kind: 'host key', name: type, version: null },
      evidence,
      detail: 'an RSA host key',
    })
    const { authority } = key
    if (!authority) return own
    // Clients that trust an authority ask for no other key: its size counts as that of the key itself.
    const signer = compareKeySize(authority, yardstick, {
      item: { kind: 'key of the host certificate authority', name: type, version: null },
      evidence,
      detail: 'a host certificate signed with an RSA key',
      remedy: LARGER_AUTHORITY,
    })
    return [...own, ...signer]
  })
}

const LARGER_AUTHORITY =
  'Make a larger key for the authority with ssh-keygen, sign the host keys with it, and give it to the clients (@cert-authority in known_hosts).'

function compareKeySize(
  { type, bits }: { readonly type: string; readonly bits: number | null },
  { leastRsaBits, reasonsFor }: SshYardstick,
  details: FindingDetails & { readonly detail: string },
): readonly Finding[] {
  if (!type.startsWith('ssh-rsa') || bits === null || bits >= leastRsaBits) return []
  const reasons = reasonsFor('RSA size', String(leastRsaBits))
  const detail = `${details.detail} of ${bits} bits; at least ${leastRsaBits} are asked for`
  return [makeFinding(FINDING_KINDS.sshKeyTooSmall, { ...details, reasons, detail })]
}

function comparePrime(
  { smallestPrime, hostKeys }: SshScan,
  { leastPrimeBits, reasonsFor }: SshYardstick,
): readonly Finding[] {
  const questions = hostKeys.map(({ question }) => question)
  const evidence = [questions.find((question) => question.endsWith(ASKS_FOR_PRIME)) ?? OFFERS]
  if (!isKnown(smallestPrime)) {
    // Where no group exchange is offered there is none.
    return smallestPrime.answer === 'not-offered'
      ? []
      : unlessAnswered(unlearnt(smallestPrime), 'smallest prime', '', null, evidence)
  }
  if (smallestPrime >= leastPrimeBits) return []
  return [
    makeFinding(FINDING_KINDS.dhTooSmall, {
      item: { kind: 'prime', name: `${smallestPrime} bits`, version: null },
      evidence,
      reasons: reasonsFor('prime size', String(leastPrimeBits)),
      detail: `a prime of ${smallestPrime} bits; at least ${leastPrimeBits} are asked for`,
      severity: smallestPrime < 2048 ? 'high' : 'medium',
    }),
  ]
}
