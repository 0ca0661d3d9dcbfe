/**
 * Keeps OpenSSL from verifying the peer's chain within the handshake.
 *
 * A peer may send 100 KB of certificates with keys of its choice. OpenSSL verifies the signatures among
 * them before anything is known to be trusted, on the thread that serves all clients: 50 certificates took
 * 0.3 s. src/x509 decides on a chain after the handshake, and verifies few signatures, each with a key that
 * is trusted already. So the verdict of OpenSSL is not needed.
 *
 * Where OpenSSL cannot be told (see openssl-context.ts), it goes on to verify.
 */
import type { SecureContext } from 'node:tls'
import type { SharedLibrary } from '../files/koffi.ts'
import { MAX_CHAIN } from '../x509/chain-search.ts'
import { type ContextCall, OpensslCall } from './openssl-context.ts'

/** What is set with SSL_CTX_ctrl(3), from OpenSSL's ssl.h. */
const SSL_CTRL_SET_MAX_CERT_LIST = 51

/**
 * Bytes of the chain that a peer may send. OpenSSL decodes the keys of all of it before there is anything to
 * decide, and has no limit for the number of certificates. Tiny ones with compressed keys cost 1 to 3 ms for
 * each KiB. There is room for 8 certificates with keys and signatures of ML-DSA-44, or 4 of ML-DSA-87, and
 * for 16 with RSA of 4096 bits.
 */
const MAX_CHAIN_BYTES = 32_768

/** Of authorities between the ends of a way, where OpenSSL verifies. */
const MAX_DEPTH = MAX_CHAIN - 2

/**
 * Lets each chain pass in the handshakes of a context, up to 32 KiB of it. The owner of the context has
 * to check the chain itself; OpenSSL still checks that the peer has the key of its first certificate.
 *
 * @returns false where OpenSSL cannot be told, and goes on to verify.
 */
export function omitVerification(context: SecureContext): boolean {
  // The verdict of OpenSSL goes last: where anything fails, it still counts.
  return limitVerification(context) && acceptAnyChain.callOn(context)
}

/**
 * Bounds what OpenSSL verifies in the handshakes of a context: 32 KiB, and 16 certificates on one way.
 *
 * @returns false where OpenSSL cannot be told, and verifies up to 100 KB.
 */
export function limitVerification(context: SecureContext): boolean {
  return limitChain.callOn(context)
}

/**
 * The verifier is a function of OpenSSL that gets its two arguments (the chain, and the null that is
 * given here), changes nothing and returns 1, which stands for a good chain. It is no function of
 * JavaScript, so nothing of it can be collected while a handshake runs.
 */
function bindVerifier(library: SharedLibrary): ContextCall | undefined {
  const findSymbol = library.func('void *dlsym(void *, const char *)')
  const setVerifier = library.func('void SSL_CTX_set_cert_verify_callback(void *, void *, void *)')
  const verifier = findSymbol(null, 'X509_STORE_CTX_set_trust')
  if (!verifier) return undefined
  return (address) => {
    setVerifier(address, verifier, null)
    return true
  }
}

function bindLimits(library: SharedLibrary): ContextCall {
  const setDepth = library.func('void SSL_CTX_set_verify_depth(void *, int)')
  const control = library.func('long SSL_CTX_ctrl(void *, int, long, void *)')
  return (address) => {
    control(address, SSL_CTRL_SET_MAX_CERT_LIST, MAX_CHAIN_BYTES, null)
    setDepth(address, MAX_DEPTH)
    return true
  }
}

const acceptAnyChain = new OpensslCall(bindVerifier)
const limitChain = new OpensslCall(bindLimits)
