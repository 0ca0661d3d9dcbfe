/** Servers that read the text of an application as a part of their configuration. */
import { ConsumerUnusable, type Finding, firstLine } from './consumer.ts'

/** What the program says against a scratch configuration with this text; undefined for nothing. */
type Complain = (text: string) => Promise<string | undefined>

/**
 * What the program stops at.
 *
 * @param pattern Finds the groups `words` and, where the program tells it, `line`.
 * @throws ConsumerUnusable where it does not take the scratch configuration without the text either.
 */
export async function findStops(
  text: string,
  complain: Complain,
  pattern: RegExp,
): Promise<readonly Finding[]> {
  const said = await complain(text)
  if (said === undefined) return []
  if ((await complain('')) !== undefined) {
    throw new ConsumerUnusable(`does not work here: ${firstLine(said)}`)
  }
  const { line, words } = pattern.exec(said)?.groups ?? {}
  const complaint = words?.trim() ?? firstLine(said)
  return [{ effect: 'stops', complaint, ...(line === undefined ? {} : { line: Number(line) }) }]
}
