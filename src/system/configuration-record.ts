/** What a generation remembers: from what each file was made, so that a difference can be explained. */

export type ConfigurationRecord = {
  readonly policy: string
  /** The version of this program that made it; undefined for a record of before it was kept. */
  readonly version?: string
  /** The texts of the policy files, by path. */
  readonly policyFiles: Readonly<Record<string, string>>
  /** By path below the base directory. */
  readonly files: Readonly<Record<string, FileRecord>>
}

export type FileRecord = {
  /** What was written, or where the link leads. */
  readonly content: string
  /** Of a link: what the pre-built output held. */
  readonly linked?: string
  /** The texts of the drop-ins that were appended, by path. */
  readonly dropIns: Readonly<Record<string, string>>
}

/** Reads a record; undefined where it is none. */
export function parseRecord(text: string | undefined): ConfigurationRecord | undefined {
  try {
    const record = text === undefined ? undefined : (JSON.parse(text) as ConfigurationRecord)
    return record?.files ? record : undefined
  } catch {
    return undefined
  }
}
