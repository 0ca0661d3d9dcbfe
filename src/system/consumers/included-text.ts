/** Servers that read the texts of applications as parts of their configuration. */
import {
  type Consumer,
  ConsumerUnusable,
  type Finding,
  firstLine,
  type Workbench,
} from './consumer.ts'

type IncludingServer = Omit<Consumer, 'check' | 'acceptsAll'> & {
  /** What the program says against a scratch configuration with these texts; undefined for nothing. */
  readonly complain: (workbench: Workbench, texts: readonly string[]) => Promise<string | undefined>
  /** Finds the groups `words` and, where the program tells it, `line`. */
  readonly pattern: RegExp
}

/** The program that checks what a server includes. */
export function includingServer({ complain, pattern, ...server }: IncludingServer): Consumer {
  return {
    ...server,
    check: (workbench, text) => findStops(text, (texts) => complain(workbench, texts), pattern),
    acceptsAll: async (workbench, texts) => (await complain(workbench, texts)) === undefined,
  }
}

/** @throws ConsumerUnusable where it does not take the scratch configuration without a text either. */
async function findStops(
  text: string,
  complain: (texts: readonly string[]) => Promise<string | undefined>,
  pattern: RegExp,
): Promise<readonly Finding[]> {
  const said = await complain([text])
  if (said === undefined) return []
  if ((await complain([])) !== undefined) {
    throw new ConsumerUnusable(`does not work here: ${firstLine(said)}`)
  }
  const { line, words } = pattern.exec(said)?.groups ?? {}
  const complaint = words?.trim() ?? firstLine(said)
  return [{ effect: 'stops', complaint, ...(line === undefined ? {} : { line: Number(line) }) }]
}
