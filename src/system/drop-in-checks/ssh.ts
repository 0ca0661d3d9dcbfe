/** Drop-ins of OpenSSH and libssh: of several lines for one setting the first counts. */
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import { DROP_IN_KINDS } from './drop-in-diagnostics.ts'
import type { JoinedText } from './joined-text.ts'
import { findConflicts, type Setting } from './settings.ts'

/** Older names of settings, which mean the same. */
const ALIASES: Readonly<Record<string, string>> = {
  pubkeyacceptedkeytypes: 'pubkeyacceptedalgorithms',
  rsaminsize: 'requiredrsasize',
}

const LINE = /^[ \t]*([A-Za-z]\w*)(?:[ \t]*=[ \t]*|[ \t]+)([^\n]*)$/gm

function readSettings(text: string): readonly Setting[] {
  return [...text.matchAll(LINE)].map((match) => {
    const [line, name = '', value = ''] = match
    const key = ALIASES[name.toLowerCase()] ?? name.toLowerCase()
    const start = match.index + line.indexOf(name)
    return { key, name, value: value.trim(), start, end: match.index + line.trimEnd().length }
  })
}

/** Of a client, also what stands below `Host` and `Match` comes too late. */
export function checkSshClient(joined: JoinedText): readonly Diagnostic[] {
  return findConflicts(joined, readSettings(joined.text), { counts: 'first', reader: 'ssh' })
}

export function checkLibssh(joined: JoinedText): readonly Diagnostic[] {
  return findConflicts(joined, readSettings(joined.text), { counts: 'first', reader: 'libssh' })
}

export function checkSshd(joined: JoinedText): readonly Diagnostic[] {
  const settings = readSettings(joined.text)
  // What stands below `Match` goes before what stands above.
  const match = settings.findIndex(({ key }) => key === 'match')
  const general = match < 0 ? settings : settings.slice(0, match)
  return [
    ...findCommandLines(joined),
    ...findConflicts(joined, general, { counts: 'first', reader: 'sshd' }),
  ]
}

/** `CRYPTO_POLICY='-oCiphers=...'` was for a unit of systemd that gave it to sshd as its options. */
function findCommandLines({ text, policyEnd, spanOf }: JoinedText): readonly Diagnostic[] {
  return [...text.matchAll(/^[ \t]*(?:CRYPTO_POLICY\s*=|-o).*$/gm)]
    .filter(({ index }) => index >= policyEnd)
    .map(({ index, 0: line }) =>
      diagnose(DROP_IN_KINDS.el8, {}, spanOf(index, index + line.length)),
    )
}
