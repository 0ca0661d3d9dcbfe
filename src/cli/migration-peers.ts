/** The addresses of `migrate preflight` and `migrate bench`: HOST:PORT. */
import { InvalidArgumentError } from 'commander'
import { parseAuthority } from '../net/uri.ts'

export type HostAndPort = { readonly host: string; readonly port: number }

/** Reads `host:49152`, `[2001:db8::7]:49152`, and both with `tcp:` before them. */
export function parsePeer(text: string): HostAndPort {
  const refuse = (reason: string): never => {
    throw new InvalidArgumentError(`${reason}; write HOST:PORT.`)
  }
  const { host, port, user } = parseAuthority(text.replace(/^tcp:/, ''), refuse)
  if (user !== undefined) return refuse('there are no users here')
  return host === '' || port === undefined
    ? refuse('the host or the port is missing')
    : { host, port }
}

/** Reads where to listen: without a host, or with `*`, at every address of this host. */
export function parseListening(text: string): Partial<HostAndPort> & { readonly port: number } {
  const [, anywhere] = /^(?:tcp:)?(?:\*?:)?(\d{1,5})$/.exec(text) ?? []
  if (anywhere === undefined) return parsePeer(text)
  const port = Number(anywhere)
  if (port > 65_535) throw new InvalidArgumentError('a port is a number up to 65535.')
  return { port }
}

/** Reads `1,2,4`. */
export function parseChannels(text: string): readonly number[] {
  const counts = text
    .split(',')
    .map((digits) => (/^\d{1,2}$/.test(digits) ? Number(digits) : Number.NaN))
  const isGood = counts.every((count) => count >= 1 && count <= 64)
  if (!isGood) throw new InvalidArgumentError('numbers from 1 to 64, such as 1,2,4.')
  return counts
}
