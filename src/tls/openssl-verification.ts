/**
 * Keeps OpenSSL from verifying the peer's chain within the handshake.
 *
 * A peer may send 100 KB of certificates with keys of its choice. OpenSSL verifies the signatures among
 * them before anything is known to be trusted, on the thread that serves all clients: 50 certificates took
 * 0.3 s. src/x509 decides on a chain after the handshake, and verifies few signatures, each with a key that
 * is trusted already. So the verdict of OpenSSL is not needed.
 *
 * node:tls has no option for that, but Node.js exports the functions of its OpenSSL. They are called on
 * what was seen to be an `SSL_CTX` of that OpenSSL, and on nothing else. Where they cannot be called,
 * OpenSSL goes on to verify.
 */
import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import { inspect, types } from 'node:util'
import { type Koffi, type Library, loadKoffi } from '../files/koffi.ts'

/** What is set with SSL_CTX_ctrl(3), from OpenSSL's ssl.h. */
const SSL_CTRL_SET_MAX_CERT_LIST = 51

/**
 * Bytes of the chain that a peer may send. OpenSSL decodes the keys of all of it, which costs a millisecond
 * for each KiB. There is room for 16 certificates with keys and signatures of ML-DSA-44, or 8 of ML-DSA-87.
 */
const MAX_CHAIN_BYTES = 65_536

/** Makes a context accept any chain that is not too large. The address is that of an `SSL_CTX`. */
type AcceptAnyChain = (address: bigint) => void

let loaded: AcceptAnyChain | undefined | 'not yet' = 'not yet'

/**
 * Lets each chain pass in the handshakes of a context, up to 64 KiB of it. The owner of the context has to check the chain
 * itself; OpenSSL still checks that the peer has the key of its first certificate.
 *
 * @returns false where OpenSSL cannot be told, and goes on to verify.
 */
export function omitVerification(context: SecureContext): boolean {
  if (loaded === 'not yet') loaded = tryBind(loadKoffi())
  const address = addressOf(context)
  if (loaded === undefined || address === undefined) return false
  loaded(address)
  return true
}

function tryBind(koffi: Koffi | undefined): AcceptAnyChain | undefined {
  try {
    const library = koffi?.load(null)
    return library && isOwnOpenssl(library) ? bind(library) : undefined
  } catch {
    // A function is not there: this Node.js was built in another way.
    return undefined
  }
}

/**
 * The verifier is a function of OpenSSL that gets its two arguments (the chain, and the null that is
 * given here), changes nothing and returns 1, which stands for a good chain. It is no function of
 * JavaScript, so nothing of it can be collected while a handshake runs.
 */
function bind(library: Library): AcceptAnyChain | undefined {
  const findSymbol = library.func('void *dlsym(void *, const char *)')
  const setVerifier = library.func('void SSL_CTX_set_cert_verify_callback(void *, void *, void *)')
  const control = library.func('long SSL_CTX_ctrl(void *, int, long, void *)')
  const verifier = findSymbol(null, 'X509_STORE_CTX_set_trust')
  if (!verifier) return undefined
  return (address) => {
    setVerifier(address, verifier, null)
    control(address, SSL_CTRL_SET_MAX_CERT_LIST, MAX_CHAIN_BYTES, null)
  }
}

/** A flag that nothing sets by itself. */
const MARK = BigInt(constants.SSL_OP_CISCO_ANYCONNECT)

/**
 * Whether the functions that are found are those of the OpenSSL that Node.js uses: of its release, and
 * able to read from a context what node:tls has put there.
 */
function isOwnOpenssl(library: Library): boolean {
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
