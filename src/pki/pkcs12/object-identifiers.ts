/** Object identifiers of PKCS #12 (RFC 7292, appendix D) and of what it is made of. */

export const CONTENT = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
} as const

export const BAG = {
  key: '1.2.840.113549.1.12.10.1.1',
  encryptedKey: '1.2.840.113549.1.12.10.1.2',
  certificate: '1.2.840.113549.1.12.10.1.3',
  revocationList: '1.2.840.113549.1.12.10.1.4',
  secret: '1.2.840.113549.1.12.10.1.5',
  bags: '1.2.840.113549.1.12.10.1.6',
} as const

export const ATTRIBUTE = {
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
} as const

export const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1'
