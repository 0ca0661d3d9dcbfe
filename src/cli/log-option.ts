/** `--log` of services: one line of text or of JSON for each event. */
import { Option } from 'commander'

export type LogFormat = 'text' | 'json'

/** @param summary What the help says of it. */
export function logOption(summary: string): Option {
  return new Option('--log <FORMAT>', summary).choices(['text', 'json']).default('text')
}
