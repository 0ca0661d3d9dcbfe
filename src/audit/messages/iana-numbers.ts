/** Small registries of TLS by number and name: versions, alerts, extensions, and what the messages count. */

/** RFC 8446 section 4.2.1, RFC 6101 section 4. */
export const VERSION = {
  SSL2: 0x0002,
  SSL3: 0x0300,
  TLS10: 0x0301,
  TLS11: 0x0302,
  TLS12: 0x0303,
  TLS13: 0x0304,
} as const

/** RFC 8446 section 5.1, RFC 6520 section 3. */
export const CONTENT_TYPES = {
  change_cipher_spec: 20,
  alert: 21,
  handshake: 22,
  application_data: 23,
  heartbeat: 24,
} as const

/** RFC 8446 section 4, RFC 5246 section 7.4, RFC 6066 section 8. */
export const HANDSHAKE = {
  hello_request: 0,
  client_hello: 1,
  server_hello: 2,
  new_session_ticket: 4,
  end_of_early_data: 5,
  encrypted_extensions: 8,
  certificate: 11,
  server_key_exchange: 12,
  certificate_request: 13,
  server_hello_done: 14,
  certificate_verify: 15,
  client_key_exchange: 16,
  finished: 20,
  certificate_status: 22,
  key_update: 24,
} as const

/** RFC 8446 section 4.2 and the documents that the registry names. */
export const EXTENSION = {
  server_name: 0,
  max_fragment_length: 1,
  status_request: 5,
  supported_groups: 10,
  ec_point_formats: 11,
  srp: 12,
  signature_algorithms: 13,
  heartbeat: 15,
  application_layer_protocol_negotiation: 16,
  client_certificate_type: 19,
  server_certificate_type: 20,
  encrypt_then_mac: 22,
  extended_master_secret: 23,
  compress_certificate: 27,
  record_size_limit: 28,
  session_ticket: 35,
  pre_shared_key: 41,
  early_data: 42,
  supported_versions: 43,
  cookie: 44,
  psk_key_exchange_modes: 45,
  certificate_authorities: 47,
  post_handshake_auth: 49,
  signature_algorithms_cert: 50,
  key_share: 51,
  renegotiation_info: 0xff01,
} as const

/** RFC 8446 section 6, RFC 5246 section 7.2, RFC 6101 section 5.4. */
const ALERTS: Readonly<Record<number, string>> = {
  0: 'close_notify',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  21: 'decryption_failed',
  22: 'record_overflow',
  30: 'decompression_failure',
  40: 'handshake_failure',
  41: 'no_certificate',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  44: 'certificate_revoked',
  45: 'certificate_expired',
  46: 'certificate_unknown',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  49: 'access_denied',
  50: 'decode_error',
  51: 'decrypt_error',
  60: 'export_restriction',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  90: 'user_canceled',
  100: 'no_renegotiation',
  109: 'missing_extension',
  110: 'unsupported_extension',
  111: 'certificate_unobtainable',
  112: 'unrecognized_name',
  113: 'bad_certificate_status_response',
  114: 'bad_certificate_hash_value',
  115: 'unknown_psk_identity',
  116: 'certificate_required',
  120: 'no_application_protocol',
}

export const ALERT = {
  close_notify: 0,
  handshake_failure: 40,
  protocol_version: 70,
  internal_error: 80,
  inappropriate_fallback: 86,
  no_renegotiation: 100,
  certificate_required: 116,
} as const

export function alertName(number: number): string {
  return ALERTS[number] ?? `alert ${number}`
}

/** Types of certificates of clients: RFC 5246 section 7.4.4, RFC 8422 section 5.5, RFC 9189 section 4.7. */
const CLIENT_CERTIFICATE_TYPES: Readonly<Record<number, string>> = {
  1: 'rsa_sign',
  2: 'dss_sign',
  3: 'rsa_fixed_dh',
  4: 'dss_fixed_dh',
  5: 'rsa_ephemeral_dh_RESERVED',
  6: 'dss_ephemeral_dh_RESERVED',
  20: 'fortezza_dms_RESERVED',
  22: 'gost_sign256',
  23: 'gost_sign512',
  64: 'ecdsa_sign',
  65: 'rsa_fixed_ecdh',
  66: 'ecdsa_fixed_ecdh',
}

export function certificateTypeName(number: number): string {
  return CLIENT_CERTIFICATE_TYPES[number] ?? `type ${number}`
}

/** Values that no server may know, which every server has to ignore (RFC 8701 section 2). */
export const GREASE = [0x0a0a, 0x1a1a, 0x2a2a, 0x3a3a, 0x4a4a, 0x5a5a, 0xcaca, 0xdada] as const
