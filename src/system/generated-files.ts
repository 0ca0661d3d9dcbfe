/** The files that a policy is compiled to, by their path below the base directory. */

/** The folders that hold them. */
export const GENERATED_FOLDERS = ['back-ends', 'state'] as const

export type GeneratedFolder = (typeof GENERATED_FOLDERS)[number]

/** Content of its own, or a link to a pre-built output. */
export type GeneratedFile = { readonly content: Buffer } | { readonly link: string }

/** By path below the base directory, such as `back-ends/gnutls.config`. */
export type GeneratedFiles = ReadonlyMap<string, GeneratedFile>

/** The folder in `back-ends` that holds one folder for each application. */
export const APPLICATIONS = 'applications'

/** The names that stand directly in a folder: those of files, and of the folder of applications. */
export function namesIn(files: GeneratedFiles, folder: GeneratedFolder): readonly string[] {
  const prefix = `${folder}/`
  const names = [...files.keys()]
    .filter((path) => path.startsWith(prefix))
    .map((path) => firstName(path.slice(prefix.length)))
  return [...new Set(names)]
}

/** The folders of a set of files that stand deeper, each behind the one that holds it. */
export function deeperFolders(files: ReadonlyMap<string, unknown>): readonly string[] {
  const folders = new Set<string>()
  for (const path of files.keys()) {
    const parts = path.split('/').slice(0, -1)
    for (let depth = 2; depth <= parts.length; depth++) folders.add(parts.slice(0, depth).join('/'))
  }
  return [...folders]
}

/** The first name of a path. */
export function firstName(path: string): string {
  return path.split('/', 1)[0] ?? ''
}
