/** The numbers of SSH's messages that an audit reads or writes (RFC 4250, section 4.1; RFC 4419; RFC 8308). */

export const SSH_MSG = {
  DISCONNECT: 1,
  IGNORE: 2,
  UNIMPLEMENTED: 3,
  DEBUG: 4,
  SERVICE_REQUEST: 5,
  SERVICE_ACCEPT: 6,
  EXT_INFO: 7,
  KEXINIT: 20,
  NEWKEYS: 21,
  /** SSH_MSG_KEX_ECDH_INIT has the same number (RFC 5656). */
  KEXDH_INIT: 30,
  /** SSH_MSG_KEX_ECDH_REPLY has the same number. */
  KEXDH_REPLY: 31,
  KEX_DH_GEX_GROUP: 31,
  KEX_DH_GEX_INIT: 32,
  KEX_DH_GEX_REPLY: 33,
  KEX_DH_GEX_REQUEST: 34,
} as const
