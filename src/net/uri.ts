/**
 * The parts of URIs: RFC 3986. What a scheme makes of them is said where the scheme is known, and so
 * are its errors: each function takes a way to refuse what it cannot read.
 */
import { withoutSecrets } from '../diagnostics/secrets.ts'
import { nearestOrKnown } from '../diagnostics/suggestion.ts'

/** Refuses a URI, with a remedy where one is known. */
export type RefuseUri = (reason: string, hint?: string) => never

/** A URI cut into its parts, which are still percent-encoded. */
export type UriParts = {
  /** In lower case; empty where there is none. */
  readonly scheme: string
  /** What stands between `//` and the path; undefined where there is no `//`. */
  readonly authority: string | undefined
  readonly path: string
  /** Behind `?`; empty where there is none. */
  readonly query: string
  /** Behind `#`; undefined where there is none. */
  readonly fragment: string | undefined
}

/** RFC 3986, appendix B. */
const URI = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s

/** Cuts any text; nothing is checked but where the parts end. */
export function splitUri(text: string): UriParts {
  const [, scheme = '', authority, path = '', query = '', fragment] = URI.exec(text) ?? []
  return { scheme: scheme.toLowerCase(), authority, path, query, fragment }
}

/** A URI for messages. Of a text that is one, a password may stand without a scheme or without `//`. */
export function uriWithoutSecrets(text: string): string {
  return withoutSecrets(text).replace(/^((?:nbds?:)?(?:\/\/)?[^/?#@:]*):[^/]*@/i, '$1:***@')
}

/** `USER@HOST:PORT`, decoded. */
export type UriAuthority = {
  readonly user?: string
  /** Empty where there is none; without the brackets of an IPv6 address. */
  readonly host: string
  /** From 1 to 65535. */
  readonly port?: number
}

/** RFC 3986, section 3.2. */
export function parseAuthority(authority: string, refuse: RefuseUri): UriAuthority {
  const [, user, bracketed, plain = '', port = ''] =
    /^(?:([^@]*)@)?(?:\[([^\]]*)\]|([^@:[\]]*))(?::(\d*))?$/.exec(authority) ??
    refuse('what stands before its path is not HOST or HOST:PORT', IPV6_HINT)
  const host = decodePart(bracketed ?? plain, refuse)
  if (bracketed !== undefined && !/^[0-9a-f:.]+(%[\w.-]+)?$/i.test(host)) {
    refuse('brackets hold an IPv6 address', IPV6_HINT)
  }
  // Resolvers written in C end a name at a NUL.
  if (/[\0-\x20\x7f]/.test(host)) refuse('its host has a space or a control character')
  return {
    host,
    ...(user ? { user: decodePart(user, refuse) } : {}),
    ...(port === '' ? {} : { port: parsePort(port, refuse) }),
  }
}

const IPV6_HINT = 'an IPv6 address stands in brackets, as in //[::1]:10809/'

function parsePort(port: string, refuse: RefuseUri): number {
  const number = Number(port)
  return number >= 1 && number <= 65535 ? number : refuse(`there is no port ${port}`)
}

export type UriParameters = ReadonlyMap<string, string>

/** `NAME=VALUE&NAME=VALUE`, decoded: each of the known names at most once, and no other. */
export function parseQuery(
  query: string,
  known: readonly string[],
  refuse: RefuseUri,
): UriParameters {
  const parameters = new Map<string, string>()
  for (const pair of query.split('&').filter(Boolean)) {
    const [key = '', ...rest] = pair.split('=')
    const name = decodePart(key, refuse)
    if (!known.includes(name)) {
      refuse(`it has an unknown parameter \`${name}\``, nearestOrKnown(name, known))
    }
    if (parameters.has(name)) refuse(`it has \`${name}\` twice`)
    parameters.set(name, decodePart(rest.join('='), refuse))
  }
  return parameters
}

/** RFC 3986, section 2.1, of UTF-8. */
export function decodePart(part: string, refuse: RefuseUri): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return refuse(`\`${part.replace(/:.*/s, ':***')}\` is not percent-encoded UTF-8`)
  }
}
