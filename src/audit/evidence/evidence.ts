/**
 * The evidence of an audit: what was sent and received for every claim, as lines of JSON. The first line
 * says what was audited and how, each further line holds one question in the order in which they ended.
 */

import type { ConnectionEnd, Failure } from '../connection/failure.ts'
import { Transcript, type TranscriptStep } from '../connection/transcript.ts'
import { isRecord } from '../json-record.ts'

type EvidenceHeader = {
  readonly evidence: 1
  /** What has to be known to ask the same questions again. */
  readonly subject: Readonly<Record<string, unknown>>
  /** What the random bytes of all questions were drawn from, as hex. They protect nothing. */
  readonly seed: string
}

export type Evidence = {
  readonly header: EvidenceHeader
  readonly transcripts: readonly Transcript[]
}

export type EvidenceParse =
  | { readonly ok: true; readonly evidence: Evidence }
  | { readonly ok: false; readonly line: number; readonly reason: string }

export function printEvidence({ header, transcripts }: Evidence): string {
  const lines = [header, ...transcripts.map(transcriptToJson)]
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('')
}

function transcriptToJson({ claim, steps, end, failure }: Transcript) {
  return {
    claim,
    steps: steps.map((step) =>
      'sent' in step
        ? { sent: step.sent.toString('hex') }
        : { received: step.received.toString('hex') },
    ),
    end: end ?? null,
    failure: failure ?? null,
  }
}

export function parseEvidence(text: string): EvidenceParse {
  let header: EvidenceHeader | undefined
  const transcripts: Transcript[] = []
  for (const { line, number } of linesOf(text)) {
    if (line.length > LONGEST_LINE) return refused(number, 'it is longer than any question')
    const value = parseLine(line)
    if (value === undefined) return refused(number, 'it is not JSON')
    if (!header) {
      header = parseHeader(value)
      if (!header) return refused(number, NO_HEADER)
      continue
    }
    const transcript = parseTranscript(value)
    if (!transcript) return refused(number, 'it is no question with its answer')
    transcripts.push(transcript)
  }
  return header ? { ok: true, evidence: { header, transcripts } } : refused(1, NO_HEADER)
}

/** A question may receive a megabyte, which is two in hexadecimal. */
const LONGEST_LINE = 32 * 1024 * 1024

const NO_HEADER = 'it does not begin as evidence of an audit'

function refused(line: number, reason: string): EvidenceParse {
  return { ok: false, line, reason }
}

/** Those that are not empty, counted from 1 with the empty ones. */
function* linesOf(text: string): Generator<{ readonly line: string; readonly number: number }> {
  for (let start = 0, number = 1; start < text.length; number++) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    if (end > start) yield { line: text.slice(start, end), number }
    start = end + 1
  }
}

/** Undefined where it is no JSON, which has no such value. */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function parseHeader(value: unknown): EvidenceHeader | undefined {
  if (!isRecord(value) || value.evidence !== 1 || !isRecord(value.subject)) return undefined
  const { subject, seed } = value
  return typeof seed === 'string' && /^[0-9a-f]{64}$/.test(seed)
    ? { evidence: 1, subject, seed }
    : undefined
}

function parseTranscript(value: unknown): Transcript | undefined {
  if (!isRecord(value) || typeof value.claim !== 'string' || !Array.isArray(value.steps)) {
    return undefined
  }
  const steps = value.steps.map(parseStep)
  if (!isWhole(steps) || !isEnd(value.end) || !isFailure(value.failure)) return undefined
  const transcript = new Transcript(value.claim)
  for (const step of steps) {
    if ('sent' in step) transcript.sent(step.sent)
    else transcript.received(step.received)
  }
  transcript.end = value.end ?? undefined
  transcript.failure = value.failure ?? undefined
  return transcript
}

function isWhole(
  steps: readonly (TranscriptStep | undefined)[],
): steps is readonly TranscriptStep[] {
  return !steps.includes(undefined)
}

function parseStep(value: unknown): TranscriptStep | undefined {
  if (!isRecord(value)) return undefined
  const sent = parseHex(value.sent)
  if (sent) return { sent }
  const received = parseHex(value.received)
  return received && { received }
}

function parseHex(value: unknown): Buffer | undefined {
  // A repeated group would use the stack for each of its rounds.
  const isHex = typeof value === 'string' && value.length % 2 === 0 && !/[^0-9a-f]/.test(value)
  return isHex ? Buffer.from(value, 'hex') : undefined
}

const ENDS: readonly unknown[] = ['closed', 'reset', 'timed-out', 'too-much', 'interrupted', null]

function isEnd(value: unknown): value is ConnectionEnd | null {
  return ENDS.includes(value)
}

const FAILURES: readonly unknown[] = [
  ...ENDS.slice(0, -1),
  'unreachable',
  'rate-limited',
  'budget-spent',
  'time-spent',
  'malformed',
  'no-upgrade',
]

/** Failures that tell a reason need one: messages show it. */
function isFailure(value: unknown): value is Failure | null {
  if (value === null) return true
  if (!isRecord(value) || !FAILURES.includes(value.failure)) return false
  const hasReason = ['unreachable', 'malformed', 'no-upgrade'].includes(String(value.failure))
  return !hasReason || typeof value.reason === 'string'
}
