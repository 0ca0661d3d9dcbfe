/** Every kind of finding: its code, which never changes its meaning, and what is to be done. */
import type { Finding, FindingItem, FindingSeverity, FindingVerdict, Reason } from './finding.ts'

export type FindingKind = {
  readonly code: string
  readonly verdict: FindingVerdict
  /** Where the item itself does not decide. */
  readonly severity: FindingSeverity
  /** For docs/audit-findings.md. */
  readonly meaning: string
  readonly remedy: string
  readonly message: (item: FindingItem, detail: string) => string
}

const RESTART =
  'Apply the policy on the host (update-policies --set POLICY) and restart the service. Where it still accepts this, its own configuration overrides the policy.'

const accepts = ({ kind, name, version }: FindingItem): string =>
  `accepts the ${kind} ${name}${version === null ? '' : ` in ${version}`}`

const lacks = ({ kind, name, version }: FindingItem): string =>
  `does not accept the ${kind} ${name}${version === null ? '' : ` in ${version}`}`

export const FINDING_KINDS = {
  versionForbidden: {
    code: 'AUDIT_VERSION_FORBIDDEN',
    verdict: 'forbidden-but-accepted',
    severity: 'high',
    meaning: 'The server accepts a version of TLS, or of SSH, that the yardstick does not allow.',
    remedy: RESTART,
    message: ({ name }) => `accepts ${name}, which is not allowed`,
  },
  versionAbsent: {
    code: 'AUDIT_VERSION_ABSENT',
    verdict: 'allowed-but-absent',
    severity: 'info',
    meaning: 'The server does not accept a version of TLS that the yardstick allows.',
    remedy: 'Nothing has to be done for safety. Clients that know no other version cannot connect.',
    message: ({ name }) => `does not accept ${name}, which is allowed`,
  },
  suiteForbidden: {
    code: 'AUDIT_SUITE_FORBIDDEN',
    verdict: 'forbidden-but-accepted',
    severity: 'medium',
    meaning: 'The server accepts a cipher suite that the yardstick does not allow.',
    remedy: RESTART,
    message: (item) => `${accepts(item)}, which is not allowed`,
  },
  suiteAbsent: {
    code: 'AUDIT_SUITE_ABSENT',
    verdict: 'allowed-but-absent',
    severity: 'info',
    meaning:
      'The server does not accept a cipher suite that the yardstick allows: its library lacks it, or it has no key for it.',
    remedy: 'Nothing has to be done for safety.',
    message: (item) => `${lacks(item)}, which is allowed`,
  },
  groupForbidden: {
    code: 'AUDIT_GROUP_FORBIDDEN',
    verdict: 'forbidden-but-accepted',
    severity: 'medium',
    meaning: 'The server accepts a group for the key exchange that the yardstick does not allow.',
    remedy: RESTART,
    message: (item) => `${accepts(item)}, which is not allowed`,
  },
  groupAbsent: {
    code: 'AUDIT_GROUP_ABSENT',
    verdict: 'allowed-but-absent',
    severity: 'info',
    meaning:
      'The server does not accept a group that the yardstick allows. Of a hybrid group with ML-KEM: what is recorded today can be read by a quantum computer.',
    remedy: 'For groups with ML-KEM: update the TLS library of the server.',
    message: (item) => `${lacks(item)}, which is allowed`,
  },
  signatureForbidden: {
    code: 'AUDIT_SIGNATURE_FORBIDDEN',
    verdict: 'forbidden-but-accepted',
    severity: 'medium',
    meaning: 'The server signs its key exchange with a scheme that the yardstick does not allow.',
    remedy: RESTART,
    message: ({ name, version }) => `signs with ${name} in ${version}, which is not allowed`,
  },
  clientSignatureForbidden: {
    code: 'AUDIT_CLIENT_SIGNATURE_FORBIDDEN',
    verdict: 'forbidden-but-accepted',
    severity: 'low',
    meaning:
      'The server asks clients for signatures by a scheme that the yardstick does not allow.',
    remedy: RESTART,
    message: ({ name }) => `takes signatures of clients with ${name}, which is not allowed`,
  },
  keyTooSmall: {
    code: 'AUDIT_KEY_TOO_SMALL',
    verdict: 'below-minimum',
    severity: 'high',
    meaning: 'A key of a certificate that the server shows is smaller than the yardstick allows.',
    remedy: 'Issue the certificate anew, for a larger key.',
    message: ({ name }, detail) => `shows the certificate of ${name} with ${detail}`,
  },
  certificateKindForbidden: {
    code: 'AUDIT_CERTIFICATE_KIND_FORBIDDEN',
    verdict: 'forbidden-but-accepted',
    severity: 'low',
    meaning:
      'The certificate of the server has a type of key, or a curve, that the guidelines do not ask for.',
    remedy: 'Issue a certificate with a key of a type and curve that the guidelines name.',
    message: ({ name }, detail) => `shows the certificate of ${name} with ${detail}`,
  },
  certificateSignatureForbidden: {
    code: 'AUDIT_CERTIFICATE_SIGNATURE_FORBIDDEN',
    verdict: 'forbidden-but-accepted',
    severity: 'high',
    meaning:
      'A certificate that the server shows is signed with an algorithm that the yardstick does not allow.',
    remedy: 'Issue the certificate anew, signed with an allowed hash.',
    message: ({ name }, detail) => `shows the certificate of ${name}, signed with ${detail}`,
  },
  dhTooSmall: {
    code: 'AUDIT_DH_TOO_SMALL',
    verdict: 'below-minimum',
    severity: 'high',
    meaning: 'The prime of a Diffie-Hellman exchange is smaller than the yardstick allows.',
    remedy:
      'Replace the DH parameters of the server, or take away the DHE key exchanges. For OpenSSH: remove the small lines of /etc/ssh/moduli.',
    message: (_item, detail) => `exchanges keys with ${detail}`,
  },
  orderWeaker: {
    code: 'AUDIT_ORDER_WEAKER',
    verdict: 'weaker-order',
    severity: 'low',
    meaning:
      'The server prefers a suite without forward secrecy or without authenticated encryption to one that has both, and the yardstick has them the other way round.',
    remedy:
      "Let the server follow the client's order, or write the suites in the order of the policy.",
    message: ({ name, version }, detail) => `prefers ${name} to ${detail} in ${version}`,
  },
  clientCertificateNotRequired: {
    code: 'AUDIT_CLIENT_CERTIFICATE_NOT_REQUIRED',
    verdict: 'client-certificate-not-required',
    severity: 'high',
    meaning: 'The server lets in clients that show no certificate, although one has to be shown.',
    remedy:
      'Set verify-peer=on for the credentials of the server (QEMU), or the option that demands a certificate.',
    message: () => 'does not require a certificate of its clients',
  },
  clearTextAccepted: {
    code: 'AUDIT_CLEAR_TEXT_ACCEPTED',
    verdict: 'clear-text-accepted',
    severity: 'high',
    meaning: 'The server serves clients that do not ask for TLS.',
    remedy:
      'Let the server refuse clients without TLS. An attacker on the way can take the offer of TLS away.',
    message: (_item, detail) => `serves clients without TLS (${detail})`,
  },
  renegotiationAccepted: {
    code: 'AUDIT_RENEGOTIATION_ACCEPTED',
    verdict: 'forbidden-but-accepted',
    severity: 'info',
    meaning:
      'The server lets clients begin further handshakes on a connection, which cost it more than them. Without RFC 5746 it is severe (high): an attacker on the way can put words in front of those of a client.',
    remedy:
      'Turn renegotiation by clients off in the server, or update its TLS library. TLS 1.3 has none.',
    message: (_item, detail) => `lets clients renegotiate before TLS 1.3${detail}`,
  },
  sshForbidden: {
    code: 'AUDIT_SSH_ALGORITHM_FORBIDDEN',
    verdict: 'forbidden-but-accepted',
    severity: 'medium',
    meaning: 'The SSH server offers an algorithm that the yardstick does not allow.',
    remedy:
      'Apply the policy on the host and restart sshd. Where it still offers this, a line of sshd_config stands before the one that includes the policy.',
    message: ({ kind, name }) => `offers the ${kind} ${name}, which is not allowed`,
  },
  sshAbsent: {
    code: 'AUDIT_SSH_ALGORITHM_ABSENT',
    verdict: 'allowed-but-absent',
    severity: 'info',
    meaning:
      'The SSH server does not offer an algorithm that the yardstick allows: its release does not have it, or it has no key for it.',
    remedy: 'Nothing has to be done for safety.',
    message: ({ kind, name }) => `does not offer the ${kind} ${name}, which is allowed`,
  },
  sshKeyTooSmall: {
    code: 'AUDIT_SSH_KEY_TOO_SMALL',
    verdict: 'below-minimum',
    severity: 'high',
    meaning:
      'A host key of the SSH server, or the key that signed its certificate, is smaller than the yardstick allows.',
    remedy: 'Make a larger key with ssh-keygen, and tell the users its fingerprint.',
    message: (_item, detail) => `has ${detail}`,
  },
  unknown: {
    code: 'AUDIT_UNKNOWN',
    verdict: 'unknown',
    severity: 'unknown',
    meaning:
      'The server gave no answer to a question, so that the yardstick could not be held against it in full.',
    remedy:
      'Ask again: with --rate where it was rate-limited, with a larger --budget where that was spent, with a longer --timeout where it timed out. Otherwise look into the log of the server.',
    message: ({ kind }, detail) => `could not be asked for its ${kind}: ${detail}`,
  },
  added: {
    code: 'AUDIT_ADDED',
    verdict: 'changed',
    severity: 'medium',
    meaning: 'The server accepts what it did not accept in the earlier scan.',
    remedy: 'Find out who changed the server, or make this scan the new baseline.',
    message: ({ kind, name, version }) =>
      `now accepts the ${kind} ${name}${version === null ? '' : ` in ${version}`}`,
  },
  removed: {
    code: 'AUDIT_REMOVED',
    verdict: 'changed',
    severity: 'info',
    meaning: 'The server no longer accepts what it accepted in the earlier scan.',
    remedy: 'Find out who changed the server, or make this scan the new baseline.',
    message: ({ kind, name, version }) =>
      `no longer accepts the ${kind} ${name}${version === null ? '' : ` in ${version}`}`,
  },
  changed: {
    code: 'AUDIT_CHANGED',
    verdict: 'changed',
    severity: 'medium',
    meaning: 'A fact about the server is another one than in the earlier scan.',
    remedy: 'Find out who changed the server, or make this scan the new baseline.',
    message: ({ kind, name }, detail) => `has another ${kind}: ${name}${detail}`,
  },
} as const satisfies Record<string, FindingKind>

/** What is known of one finding beyond its kind. */
export type FindingDetails = {
  readonly item: FindingItem
  readonly evidence: readonly string[]
  readonly reasons?: readonly Reason[]
  readonly detail?: string
  /** Where this item is worse than others of its kind. */
  readonly severity?: FindingSeverity
  /** Where it is known which of the kind's remedies helps. */
  readonly remedy?: string
}

export function makeFinding(kind: FindingKind, details: FindingDetails): Finding {
  const { code, verdict } = kind
  const { item, evidence, reasons = [], detail = '' } = details
  const { severity = kind.severity, remedy = kind.remedy } = details
  const message = `the server ${kind.message(item, detail)}`
  return { code, severity, verdict, item, message, remedy, evidence, reasons }
}
