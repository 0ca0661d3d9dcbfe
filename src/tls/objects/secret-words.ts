/**
 * Whether a text of objects may hold a secret. What it says cannot be told before it is parsed, so one word
 * that is not known to be harmless is enough: a mistyped `secret` or `data` is such a word too.
 */

/** Words by which users call secrets, escapes that could spell them, and comments, which may say anything. */
const SUSPICIOUS = /secret|pass|pwd|token|\bdata\b|\\[ux]|#/i

/** Properties whose values are no secrets. */
const PUBLIC_NAMES: ReadonlySet<string> = new Set([
  ...['objects', 'qom-type', 'id', 'endpoint', 'dir', 'verify-peer', 'priority', 'sanity-check'],
  ...['x-file', 'identity', 'policy', 'rules', 'match', 'format', 'filename', 'refresh', 'service'],
])

/** Types that have no secrets among their properties, in place of a name on the command line. */
const PUBLIC_TYPES: ReadonlySet<string> = new Set([
  ...['tls-creds-x509', 'tls-creds-psk', 'tls-creds-anon'],
  ...['authz-simple', 'authz-list', 'authz-list-file', 'authz-libvirt', 'authz-pam'],
])

/** What is given as a type, in any syntax. */
const TYPE = /qom-type["']?\s*[:=]\s*["']?([^,"'\s}\]]*)/g

/** @param names Those that are harmless in this text, beside those of objects. */
export function mayHoldSecret(text: string, names: ReadonlySet<string> = new Set()): boolean {
  return SUSPICIOUS.test(text) || !hasPublicNamesOnly(text, names)
}

function hasPublicNamesOnly(text: string, names: ReadonlySet<string>): boolean {
  const words = text
    .split(/[,{}[\]\n]/)
    .map((part) => /^[\s"'-]*([^=:"'\s]*)/.exec(part)?.[1] ?? '')
  const types = [...text.matchAll(TYPE)].map(([, type = '']) => type)
  return (
    types.every((type) => PUBLIC_TYPES.has(type)) &&
    words.every((word) => names.has(word) || word.split('.').every(isPublicName))
  )
}

function isPublicName(name: string): boolean {
  // A number is the place in a list, up to where lists end.
  return /^\d{0,3}$/.test(name) || PUBLIC_NAMES.has(name) || PUBLIC_TYPES.has(name)
}
