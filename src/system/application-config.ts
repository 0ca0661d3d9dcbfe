/** Reads one key of an application's own configuration file: `key = "value"`, as libvirt writes it. */
import { basename, join } from 'node:path'
import type { Span } from '../diagnostics/source.ts'
import { readTextFile, readTextFileIfPresent } from '../files/text-file.ts'
import type { Application } from '../priority/application.ts'
import type { ApplicationSetting } from '../priority/application-chain.ts'

const ABSENT = 'the file does not exist'
const UNSET = 'not set'

/** Where libvirt keeps its configuration, and that of the QEMU that it starts. */
export const DEFAULT_APPLICATION_DIR = '/etc/libvirt'

/** Reads every setting of an application; files that do not exist are links of the chain too. */
export function readApplicationSettings(
  { settings }: Application,
  folder: string = DEFAULT_APPLICATION_DIR,
): readonly ApplicationSetting[] {
  return settings.map(({ file, key }) => {
    const path = join(folder, file)
    const source = readTextFileIfPresent(path)
    const span = source && findSetting(source, key)
    const found = span ? { span } : { remark: source ? UNSET : ABSENT }
    return { name: `${file} ${key}`, file: path, ...found }
  })
}

/**
 * Reads the setting that `FILE:KEY` names.
 *
 * @throws DiagnosticError where there is no such file.
 */
export function readNamedSetting(path: string, key: string): ApplicationSetting {
  const span = findSetting(readTextFile(path), key)
  const found = span ? { span } : { remark: UNSET }
  return { name: `${basename(path)} ${key}`, file: path, ...found }
}

/**
 * setting = key "=" ( <"> value <"> / "'" value "'" / word )
 *
 * Of a key that repeats libvirt takes the first.
 */
function findSetting(source: Span['source'], key: string): Span | undefined {
  const setting = /^[ \t]*([^\s=#]+)[ \t]*=[ \t]*(?:"([^"\n]*)"|'([^'\n]*)'|([^\s#"']+))/dgm
  for (const match of source.text.matchAll(setting)) {
    if (match[1] !== key) continue
    const [start, end] = match.indices?.slice(2).find((range) => range !== undefined) ?? [0, 0]
    return { source, start, end }
  }
  return undefined
}
