/** Priority strings for conversions: hard ones first, then random ones. */
import type { Evaluation } from '../../../src/priority/evaluate.ts'
import { requirePriority } from '../../../src/priority/failure/failure-diagnostics.ts'
import type { ConversionTarget } from '../../../src/priority/library-releases.ts'
import { Random } from '../../priority/random-priorities.ts'
import { usableCase } from '../../tls/prober/try-string.ts'

/** Strings that leave a list empty somewhere, or ask for what is fixed. */
const HARD = [
  'NONE:+VERS-TLS1.3:+AES-128-GCM:+AEAD:+GROUP-SECP256R1:+SIGN-ALL',
  'NONE:+VERS-TLS1.3:+AES-256-GCM:+AEAD:+GROUP-ALL:+SIGN-ECDSA-SECP384R1-SHA384',
  'NONE:+VERS-TLS1.2:+RSA:+AES-128-GCM:+AEAD:+SIGN-ALL',
  'NONE:+VERS-TLS1.2:+RSA:+AES-128-GCM:+AEAD:+GROUP-SECP521R1:+SIGN-ALL',
  'NONE:+VERS-TLS1.2:+DHE-RSA:+AES-256-CBC:+SHA1:+GROUP-FFDHE3072:+SIGN-ALL',
  'NONE:+VERS-TLS1.1:+ECDHE-RSA:+AES-128-CBC:+SHA1:+GROUP-X25519:+SIGN-ALL',
  'NONE:+VERS-TLS1.2:+VERS-TLS1.3:+ECDHE-RSA:+AES-128-GCM:+AEAD:+GROUP-X448:+SIGN-RSA-SHA256',
  'NONE:+VERS-TLS1.2:+ECDHE-RSA:+3DES-CBC:+SHA1:+GROUP-ALL:+SIGN-ALL',
  'NONE:+VERS-TLS1.2:+PSK:+AES-128-GCM:+AEAD:+SIGN-ALL',
  'NORMAL',
  'SECURE192',
  'SUITEB128',
  'NORMAL:+GROUP-X25519-MLKEM768',
  'NORMAL:%PROFILE_ULTRA:+GROUP-ALL',
]

/** Strings of which each of these libraries can be told something: to refuse them is an error. */
export const TAKEN: Readonly<Record<string, readonly ConversionTarget[]>> = {
  // Nothing uses a group, and none is named.
  'NONE:+VERS-TLS1.2:+RSA:+AES-128-GCM:+AEAD:+SIGN-ALL': ['openssl', 'node', 'java', 'go', 'nss'],
  'NONE:+VERS-TLS1.2:+ECDHE-RSA:+RSA:+AES-128-GCM:+AEAD:+GROUP-X448:+SIGN-ALL': ['go', 'nss'],
  // What TLS 1.2 signs with alone, TLS 1.3 may not have.
  'NONE:+VERS-TLS1.2:+VERS-TLS1.3:+ECDHE-ECDSA:+AES-256-GCM:+AEAD:+GROUP-ALL:+SIGN-ECDSA-SHA384': [
    ...(['openssl', 'node', 'java'] as const),
  ],
  // TLS 1.2 has no signatures here, and stands between.
  'NONE:+VERS-TLS1.0:+VERS-TLS1.2:+RSA:+AES-128-CBC:+SHA1:+SIGN-GOSTR341012-256': [
    ...(['openssl', 'node'] as const),
  ],
  // Without certificates the profile asks for nothing.
  'NONE:+VERS-TLS1.1:+PSK:+AES-128-CBC:+SHA1:%PROFILE_MEDIUM': ['openssl', 'node'],
  'NONE:+VERS-TLS1.2:+PSK:+AES-256-GCM:+AEAD:+SIGN-ALL:%PROFILE_HIGH': ['openssl', 'node'],
}

/** Strings with their evaluations, the same in each run. */
export function drawStrings(count: number): readonly (readonly [string, Evaluation])[] {
  const random = new Random(11)
  const hard = [...HARD, ...Object.keys(TAKEN)].map(
    (text) => [text, requirePriority({ name: '<priority>', text })] as const,
  )
  const drawn = Array.from({ length: count }, () => usableCase(random))
  return [
    ...hard,
    ...drawn.map((one) => [JSON.stringify([one.priority, one.config]), one.evaluation] as const),
  ]
}
