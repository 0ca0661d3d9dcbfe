/** Where a certificate comes from, for messages about it. */

export type CertificatePlace = {
  /** A path, or `<peer>`. */
  readonly file: string
  /** Counts the certificates of the file from 0. */
  readonly index: number
}
