/** Drop-ins of back-ends whose files have sections: Kerberos, Libreswan and OpenSSL. */
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import { DROP_IN_KINDS } from './drop-in-diagnostics.ts'
import type { JoinedText } from './joined-text.ts'
import { findConflicts, type Setting } from './settings.ts'

type Syntax = {
  /** The section that a text begins in. */
  readonly first: string
  /** A heading, with the name of its section. */
  readonly heading: RegExp
  /** A setting, with its name and its value. */
  readonly setting: RegExp
}

export const BRACKETS: Syntax = {
  first: '',
  heading: /^\s*\[([^\]]*)\]/,
  setting: /^\s*([^\s=#;[\]{}][^\s=]*)\s*=\s*(.*)$/,
}

/** The head of the file is included in the section of openssl.cnf that distributions call so. */
const OPENSSL: Syntax = { ...BRACKETS, first: 'crypto_policy' }

const LIBRESWAN: Syntax = {
  first: '',
  heading: /^(conn\s+\S+|config\s+\S+)/,
  setting: /^\s+([\w-]+)\s*=\s*(.*)$/,
}

export function readSettings(
  text: string,
  { first, heading, setting }: Syntax,
): readonly Setting[] {
  const settings: Setting[] = []
  let section = first
  for (const { index, 0: line } of text.matchAll(/^.*$/gm)) {
    const named = heading.exec(line)?.[1]
    const [, name, value = ''] = setting.exec(line) ?? []
    if (named !== undefined) section = named.trim().split(/\s+/).join(' ')
    else if (name !== undefined) {
      const start = index + line.indexOf(name)
      const key = `[${section}] ${name.toLowerCase()}`
      settings.push({ key, name, value: value.trim(), start, end: index + line.trimEnd().length })
    }
  }
  return settings
}

export function checkKerberos(joined: JoinedText): readonly Diagnostic[] {
  const settings = readSettings(joined.text, BRACKETS)
  return findConflicts(joined, settings, { counts: 'first', reader: 'Kerberos' })
}

export function checkLibreswan(joined: JoinedText): readonly Diagnostic[] {
  const settings = readSettings(joined.text, LIBRESWAN)
  return findConflicts(joined, settings, { counts: 'last', reader: 'Libreswan' })
}

export function checkOpensslFips(joined: JoinedText): readonly Diagnostic[] {
  const settings = readSettings(joined.text, OPENSSL)
  return findConflicts(joined, settings, { counts: 'last', reader: 'OpenSSL' })
}

/** Settings of TLS (SSL_CONF_cmd), which mean nothing to the part of OpenSSL that reads properties. */
const OF_TLS =
  /^\[evp_properties\] (?:cipherstring|ciphersuites|groups|curves|(?:d?tls\.)?m(?:in|ax)protocol|protocol|(?:client)?signaturealgorithms|options)$/

export function checkOpenssl(joined: JoinedText): readonly Diagnostic[] {
  const settings = readSettings(joined.text, OPENSSL)
  const misplaced = settings.filter(
    ({ key, start }) => start >= joined.policyEnd && OF_TLS.test(key),
  )
  return [
    ...findConflicts(joined, settings, { counts: 'last', reader: 'OpenSSL' }),
    ...misplaced.map(({ name, start, end }) => {
      const reason = 'it stands in the section [evp_properties], with which the policy ends'
      const remedy = 'change the policy by a module instead'
      return diagnose(DROP_IN_KINDS.vain, { what: name, reason, remedy }, joined.spanOf(start, end))
    }),
  ]
}
