/** What an export and its connection can do, by the names that nbdinfo has for it. */
import type { NBD_TRANSMISSION_FLAG } from '../protocol/constants.ts'
import type { NbdClient } from './nbd-client.ts'

type Question = (client: NbdClient) => boolean

function flag(name: keyof typeof NBD_TRANSMISSION_FLAG): Question {
  return (client) => client.can(name)
}

const hasStructuredReplies: Question = ({ headers }) => headers !== 'simple'

const FEATURES: Readonly<Record<string, Question>> = {
  connect: () => true,
  read: () => true,
  tls: ({ tls }) => tls !== undefined,
  'structured-reply': hasStructuredReplies,
  'extended-headers': ({ headers }) => headers === 'extended',
  'read-only': flag('READ_ONLY'),
  write: (client) => !client.can('READ_ONLY'),
  rotational: flag('ROTATIONAL'),
  cache: flag('SEND_CACHE'),
  df: flag('SEND_DF'),
  'fast-zero': flag('SEND_FAST_ZERO'),
  flush: flag('SEND_FLUSH'),
  fua: flag('SEND_FUA'),
  'multi-conn': flag('CAN_MULTI_CONN'),
  trim: flag('SEND_TRIM'),
  zero: flag('SEND_WRITE_ZEROES'),
  'block-status-payload': flag('BLOCK_STATUS_PAYLOAD'),
}

export const FEATURE_NAMES: readonly string[] = Object.keys(FEATURES)

/** Other ways to write a name, without what stands between its words. */
const ALIASES: Readonly<Record<string, Question>> = {
  sr: hasStructuredReplies,
  structured: hasStructuredReplies,
  structuredreplies: hasStructuredReplies,
}

/** The question behind a name; undefined where there is no such name. */
export function findFeature(name: string): Question | undefined {
  const bare = (text: string) => text.toLowerCase().replaceAll(/[-_ ]/g, '')
  const known = FEATURE_NAMES.find((feature) => bare(feature) === bare(name))
  return known === undefined ? ALIASES[bare(name)] : FEATURES[known]
}
