/** Servers that read the texts of applications as parts of their configuration. */
import {
  type Consumer,
  type ConsumerFinding,
  ConsumerUnusable,
  firstLine,
  type Workbench,
} from './consumer.ts'

type IncludingServer = Omit<Consumer, 'check' | 'acceptsAll'> & {
  /** By which arguments the program checks a scratch configuration that includes these files, one for each text. */
  readonly argumentsFor: (
    workbench: Workbench,
    files: readonly string[],
  ) => readonly string[] | Promise<readonly string[]>
  /** What the program prints whatever it is given. */
  readonly noise?: RegExp
  /** Finds the groups `words` and, where the program tells it, `line`. */
  readonly pattern: RegExp
}

/** The program that checks what a server includes. */
export function includingServer(server: IncludingServer): Consumer {
  const { argumentsFor, noise, pattern, ...consumer } = server
  // What the program says against these texts; undefined for nothing.
  const complain = async (workbench: Workbench, texts: readonly string[]) => {
    const files = texts.map((text) => workbench.write('snippet', text))
    const { status, output } = await workbench.run(await argumentsFor(workbench, files))
    if (status === 0) return undefined
    return noise === undefined ? output : output.replaceAll(noise, '')
  }
  return {
    ...consumer,
    check: (workbench, text) => findStops(text, (texts) => complain(workbench, texts), pattern),
    acceptsAll: async (workbench, texts) => (await complain(workbench, texts)) === undefined,
  }
}

/** @throws ConsumerUnusable where it does not take the scratch configuration without a text either. */
async function findStops(
  text: string,
  complain: (texts: readonly string[]) => Promise<string | undefined>,
  pattern: RegExp,
): Promise<readonly ConsumerFinding[]> {
  const said = await complain([text])
  if (said === undefined) return []
  if ((await complain([])) !== undefined) {
    throw new ConsumerUnusable(`does not work here: ${firstLine(said)}`)
  }
  const { line, words } = pattern.exec(said)?.groups ?? {}
  const complaint = words?.trim() ?? firstLine(said)
  return [{ effect: 'stops', complaint, ...(line === undefined ? {} : { line: Number(line) }) }]
}
