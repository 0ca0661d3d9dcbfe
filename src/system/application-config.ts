/** Reads what the configuration of an application says about its priority string. */
import { basename, join } from 'node:path'
import { fail } from '../diagnostics/diagnostic.ts'
import type { Source, Span } from '../diagnostics/source.ts'
import { FILE_KINDS } from '../files/file-diagnostics.ts'
import { findLibvirtSetting } from '../files/libvirt-config.ts'
import { readSecretTextFile, unlessMissing } from '../files/text-file.ts'
import type { Application } from '../priority/application.ts'
import type { ApplicationSetting } from '../priority/application-chain.ts'

const ABSENT = 'the file does not exist'
const UNSET = 'not set'

/**
 * The value at its place in a text of which nothing else is left: such files have passwords too, and a
 * message about the value shows its line.
 */
function alone({ source: { name, text }, start, end }: Span): Span {
  const blank = (part: string) => part.replace(/[^\n]/g, ' ')
  const source = {
    name,
    text: `${blank(text.slice(0, start))}${text.slice(start, end)}${blank(text.slice(end))}`,
  }
  return { source, start, end }
}

/** Where libvirt keeps its configuration, and that of the QEMU that it starts. */
const DEFAULT_APPLICATION_DIR = '/etc/libvirt'

/**
 * Reads every setting of an application; files that do not exist are links of the chain too.
 *
 * @throws DiagnosticError FILE_LIBVIRT_SYNTAX where libvirt would not start with a file.
 */
export function readApplicationSettings(
  { settings, isPerUser = false }: Application,
  folder: string = isPerUser ? userFolder() : DEFAULT_APPLICATION_DIR,
): readonly ApplicationSetting[] {
  return settings.map(({ file, key }) => {
    const path = join(folder, file)
    const source = unlessMissing(() => readSecretTextFile(path))
    const span = source && findText(source, key)
    const found = span ? { span: alone(span) } : { remark: source ? UNSET : ABSENT }
    return { name: `${file} ${key}`, file: path, ...found }
  })
}

/** Where clients of libvirt look: root in /etc, other users below their own folder alone. */
function userFolder(): string {
  if (process.geteuid?.() === 0) return DEFAULT_APPLICATION_DIR
  const { XDG_CONFIG_HOME, HOME = '/' } = process.env
  return join(XDG_CONFIG_HOME || join(HOME, '.config'), 'libvirt')
}

function findText(source: Source, key: string): Span | undefined {
  const value = findLibvirtSetting(source, key)
  if (value === undefined || value.kind === 'text') return value?.span
  fail(FILE_KINDS.libvirtSyntax, { reason: `${key} is a text in quotes` }, value.span)
}

/**
 * Reads the setting that `FILE:KEY` names.
 *
 * @throws DiagnosticError where there is no such file.
 */
export function readNamedSetting(path: string, key: string): ApplicationSetting {
  const span = findInLines(readSecretTextFile(path), key)
  const found = span ? { span: alone(span) } : { remark: UNSET }
  return { name: `${basename(path)} ${key}`, file: path, ...found }
}

/**
 * Finds a setting in a file of any application, of whose syntax no more is known than its line:
 *
 * setting = key "=" ( <"> value <"> / "'" value "'" / word )
 */
function findInLines(source: Source, key: string): Span | undefined {
  const setting = /^[ \t]*([^\s=#]+)[ \t]*=[ \t]*(?:"([^"\n]*)"|'([^'\n]*)'|([^\s#"']+))/dgm
  for (const match of source.text.matchAll(setting)) {
    if (match[1] !== key) continue
    const [start, end] = match.indices?.slice(2).find((range) => range !== undefined) ?? [0, 0]
    return { source, start, end }
  }
  return undefined
}
