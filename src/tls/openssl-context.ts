/**
 * The `SSL_CTX` of a context of node:tls, for what OpenSSL can do and node:tls has no option for.
 *
 * Node.js exports the functions of its OpenSSL. They are called on what was seen to be an `SSL_CTX` of
 * that OpenSSL, and on nothing else.
 */
import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import { inspect, types } from 'node:util'
import { memoize } from '../cache/memoize.ts'
import { type Koffi, loadKoffi, type SharedLibrary } from '../files/koffi.ts'

/**
 * Does something to a context; false where OpenSSL refused it. The address is that of the context's
 * `SSL_CTX`.
 */
export type ContextCall = (address: bigint) => boolean

/** Loads the functions for one purpose, the first time that it is asked for. */
export class OpensslCall {
  readonly #bind: (library: SharedLibrary) => ContextCall | undefined
  #loaded: ContextCall | undefined | 'not yet' = 'not yet'

  /** @param bind Throws, or gives undefined, where this Node.js does not have the functions. */
  constructor(bind: (library: SharedLibrary) => ContextCall | undefined) {
    this.#bind = bind
  }

  /** @returns false where OpenSSL cannot be reached, or refused; then nothing was done. */
  callOn(context: SecureContext): boolean {
    if (this.#loaded === 'not yet') this.#loaded = tryBind(this.#bind)
    const address = addressOf(context)
    if (this.#loaded === undefined || address === undefined) return false
    return this.#loaded(address)
  }
}

function tryBind(
  bind: (library: SharedLibrary) => ContextCall | undefined,
): ContextCall | undefined {
  const koffi = loadKoffi()
  try {
    const library = koffi && ownOpenssl(koffi)
    return library && bind(library)
  } catch {
    // A function is not there: this Node.js was built in another way.
    return undefined
  }
}

/** What is found is checked once, for all purposes. */
const ownOpenssl = memoize((koffi: Koffi): SharedLibrary | undefined => {
  const library = koffi.load(null)
  return isOwnOpenssl(library) ? library : undefined
})

/** A flag that nothing sets by itself. */
const MARK = BigInt(constants.SSL_OP_CISCO_ANYCONNECT)

/**
 * Whether the functions that are found are those of the OpenSSL that Node.js uses: of its release, and
 * able to read from a context what node:tls has put there.
 */
function isOwnOpenssl(library: SharedLibrary): boolean {
  const version = library.func('const char *OpenSSL_version(int)')
  if (!`${version(0)}`.startsWith(`OpenSSL ${process.versions.openssl} `)) return false
  const optionsOf = library.func('uint64_t SSL_CTX_get_options(void *)')
  const isMarked = (secureOptions: number): boolean => {
    const context = createSecureContext({ secureOptions })
    const address = addressOf(context)
    return address !== undefined && (BigInt(optionsOf(address)) & MARK) !== 0n
  }
  return isMarked(Number(MARK)) && !isMarked(0)
}

/** The part of a context that its type leaves out. */
type Internals = { readonly context?: { readonly _external?: unknown } }

/** Where the `SSL_CTX` of a context is; undefined where this Node.js does not tell. */
function addressOf(context: SecureContext): bigint | undefined {
  const external = (context as Internals).context?._external
  if (!types.isExternal(external)) return undefined
  // Only `inspect` shows the address of such a value.
  const [, digits] = /^\[External: ([0-9a-f]+)\]$/.exec(inspect(external, { colors: false })) ?? []
  const address = digits === undefined ? 0n : BigInt(`0x${digits}`)
  return address === 0n ? undefined : address
}
