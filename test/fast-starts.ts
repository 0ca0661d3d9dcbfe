/**
 * Makes the processes of a run start sooner: its tests load the same files hundreds of times, and so do the programs
 * of ours that they start. What Node.js has compiled is kept until the run ends, and launchers need not look for one.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export default function setUp(): (() => void) | undefined {
  process.env.CRYPTOPOLICY_NODE ??= process.execPath
  // Each project sets up, and the first one is enough.
  if (process.env.NODE_COMPILE_CACHE !== undefined) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'cryptopolicy-compiled-'))
  process.env.NODE_COMPILE_CACHE = folder
  return () => rmSync(folder, { recursive: true, force: true })
}
