/**
 * Which passphrases of PKCS #12 files mean the same to all programs. OpenSSL takes a text as it comes. GnuTLS
 * normalizes it first and refuses some characters (RFC 8265 section 4.2, of RFC 8264's FreeformClass).
 */

/** No character that is seen: control, format, private, not assigned, ignored. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{DI}]/u

/** Refused by RFC 8264 and its registry by their number, or allowed only beside some others. */
const BY_NUMBER =
  /[\u00b7\u0375\u05f3\u05f4\u0640\u0660-\u0669\u06f0-\u06f9\u07fa\u302e\u302f\u3031-\u3035\u303b\u30fb]/

/** Whether all programs make the same bytes of a passphrase. */
export function isCommonPassphrase(text: string): boolean {
  return normalize(text) === text && !UNSEEN.test(text) && !BY_NUMBER.test(text)
}

function normalize(text: string): string {
  return text.replace(/\p{Zs}/gu, ' ').normalize('NFC')
}
