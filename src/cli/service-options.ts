/** The options that services share. */
import { Option } from 'commander'
import { parseNumber } from './option-values.ts'

/** One line of text or of JSON for each event. */
export type LogFormat = 'text' | 'json'

/** @param summary What the help says of it. */
export function logOption(summary: string): Option {
  return new Option('--log <FORMAT>', summary).choices(['text', 'json']).default('text')
}

/** A limit of time, such as `--idle-limit`. */
export function limitOption(name: string, summary: string, seconds: number): Option {
  return new Option(`${name} <SECONDS>`, summary).argParser(parseNumber).default(seconds)
}
