/** Scripts of commands for a monitor, and what is in the places that they name. */
import { cpSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { scratchFolder } from '../cli/command.ts'
import { makePskFolder, makeX509Folder } from '../nbd/nbd-credentials.ts'

export const SCRIPTS = [
  ...(['protocol', 'objects', 'nbd', 'migration', 'incoming', 'human', 'chardev'] as const),
]

const FOLDER = join(import.meta.dirname, 'scripts')

export type Step = {
  readonly line: string
  /** The name of what is not as in QEMU. */
  readonly difference: string | undefined
}

export function readScript(name: string): readonly Step[] {
  const text = readFileSync(join(FOLDER, `${name}.qmp`), 'utf8')
  const steps: Step[] = []
  let difference: string | undefined
  for (const line of text.split('\n')) {
    if (line.startsWith('#~ ')) difference = line.slice(3)
    else if (line !== '' && !line.startsWith('#')) {
      steps.push({ line, difference })
      difference = undefined
    }
  }
  return steps
}

/** What our monitor answers, step by step. Lines that begin with `~ ` are its own, all others are QEMU's. */
export function readAnswers(name: string): readonly string[] {
  const text = readFileSync(join(FOLDER, `${name}.answers`), 'utf8')
  return text.split('\n').slice(0, -1)
}

/** The guest of one script is waited for; the others have none. */
export function waitsForGuest(name: string): boolean {
  return name === 'incoming'
}

export type Places = Readonly<Record<'TMP', string> & Partial<Record<'CERTS' | 'PSK', string>>>

/** A disk of zeroes, and the credentials that the steps name. QEMU looks long for parameters that are not given. */
export function makePlaces(steps: readonly Step[]): Places {
  const isNamed = (place: string) => steps.some(({ line }) => line.includes(`{${place}}`))
  const credentials = {
    ...(isNamed('CERTS') ? { CERTS: makeX509Folder() } : {}),
    ...(isNamed('PSK') ? { PSK: makePskFolder() } : {}),
  }
  for (const folder of Object.values(credentials)) {
    cpSync(join(FOLDER, 'dh-params.pem'), join(folder, 'dh-params.pem'))
  }
  return withDisk(credentials)
}

/** The same credentials, and a disk of its own. */
export function withDisk(shared: Omit<Places, 'TMP'>): Places {
  const TMP = scratchFolder()
  writeFileSync(join(TMP, 'disk'), '')
  truncateSync(join(TMP, 'disk'), 1_048_576)
  return { ...shared, TMP }
}

/** `{TMP}/disk` becomes a path. */
export function fillPlaces(line: string, places: Places): string {
  return line.replaceAll(/\{(CERTS|PSK|TMP)\}/g, (_, name: keyof Places) => places[name] ?? '')
}
