/** First flights of servers before TLS 1.3, byte by byte: RFC 5246, sections 6.2.1 and 7.4. */

/** TLS 1.2, and TLS_RSA_WITH_AES_128_GCM_SHA256 without extensions; behind it, a ServerHelloDone. */
export const RSA_FLIGHT = Buffer.from(
  ['160303002e', '020000260303', '07'.repeat(32), '00009c00', '0e000000'].join(''),
  'hex',
)

/** TLS 1.2, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 and a certificate, and then nothing: the record is whole. */
export const CUT_FLIGHT = Buffer.from(
  ['1603030037', '020000260303', '07'.repeat(32), '00c02f00', '0b000009000006000003300102'].join(
    '',
  ),
  'hex',
)

/** A record of its own: fatal, handshake_failure. */
export const HANDSHAKE_ALERT = Buffer.from('15030300020228', 'hex')
