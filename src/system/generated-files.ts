/** The files that a policy is compiled to, by their path below the base directory. */

/** The folders that hold them. */
export const GENERATED_FOLDERS = ['back-ends', 'state'] as const

export type GeneratedFolder = (typeof GENERATED_FOLDERS)[number]

/** Content of its own, or a link to a pre-built output. */
export type GeneratedFile = { readonly content: Buffer } | { readonly link: string }

/** By path below the base directory, such as `back-ends/gnutls.config`. */
export type GeneratedFiles = ReadonlyMap<string, GeneratedFile>

/** The names of the files in a folder. */
export function namesIn(files: GeneratedFiles, folder: GeneratedFolder): readonly string[] {
  const prefix = `${folder}/`
  return [...files.keys()]
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length))
}
