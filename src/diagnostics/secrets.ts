/**
 * Texts for messages without the secrets that they hold: any argument may be a URI by mistake.
 *
 * All parts are bounded, so that a long argument takes no more than time in proportion to its length.
 */

/** The password of a user, `http://user:PASSWORD@host`, also where the URI was taken for a path. */
const USER_INFO = String.raw`[a-z][a-z0-9+.-]{0,31}:\/{1,2}[^\s/?#@:]*:`

/** Users forget to encode `/`. Digits before it are a port, and a path may have `@`. */
const PASSWORD = String.raw`(?:[^\s/]{0,1024}|(?!\d{0,5}/)\S{0,1024})@`

const URI_PASSWORD = new RegExp(`(${USER_INFO})${PASSWORD}`, 'gi')

/**
 * The same without a scheme: `user:PASSWORD@host` at the beginning of a word. Levels of OpenSSL's cipher lists
 * (`HIGH:!MD5@SECLEVEL=2`), names of SSH (`aes128-gcm@openssh.com`) and addresses of mail are none.
 */
const BARE_PASSWORD =
  /(?<=(?:^|[\s"'`([{<=,])\/{0,2})(?!(?:email|mailto|sips?|xmpp):)((?:nbds?:|tcp:)?[\w.+~%-]{1,64}(?::|%3a))[^\s/@][^\s/]{0,1024}@(?!SECLEVEL|STRENGTH|openssh\.com|libssh\.org)(?=[\w.[])/gi

/** The value of a parameter that is called a secret. */
const SECRET_PARAMETER = /([?&][^\s=&#?]{0,63}(?:pass|secret|token|pwd)[^\s=&#?]{0,63}=)[^\s&#]*/gi

/** A text, with `***` in place of what is secret in URIs and addresses. */
export function withoutSecrets(text: string): string {
  // Most texts have neither sign, and every message is looked at.
  if (!text.includes('@') && !text.includes('=')) return text
  return text
    .replace(URI_PASSWORD, '$1***@')
    .replace(BARE_PASSWORD, '$1***@')
    .replace(SECRET_PARAMETER, '$1***')
}
