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
  const lines = text.split('\n').filter((line) => line !== '')
  const values: unknown[] = []
  for (const [at, line] of lines.entries()) {
    try {
      values.push(JSON.parse(line))
    } catch {
      return { ok: false, line: at + 1, reason: 'it is not JSON' }
    }
  }
  const [first, ...rest] = values
  const header = parseHeader(first)
  if (!header) return { ok: false, line: 1, reason: 'it does not begin as evidence of an audit' }
  const transcripts: Transcript[] = []
  for (const [at, value] of rest.entries()) {
    const transcript = parseTranscript(value)
    if (!transcript) return { ok: false, line: at + 2, reason: 'it is no question with its answer' }
    transcripts.push(transcript)
  }
  return { ok: true, evidence: { header, transcripts } }
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
  const steps = value.steps.map(parseStep).filter((step) => step !== undefined)
  const isWhole = steps.length === value.steps.length
  if (!isWhole || !isEnd(value.end) || !isFailure(value.failure)) return undefined
  const transcript = new Transcript(value.claim)
  for (const step of steps) {
    if ('sent' in step) transcript.sent(step.sent)
    else transcript.received(step.received)
  }
  transcript.end = value.end ?? undefined
  transcript.failure = value.failure ?? undefined
  return transcript
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

const ENDS: readonly unknown[] = ['closed', 'reset', 'timed-out', 'too-much', null]

function isEnd(value: unknown): value is ConnectionEnd | null {
  return ENDS.includes(value)
}

const FAILURES: readonly unknown[] = [
  ...ENDS.slice(0, -1),
  'unreachable',
  'rate-limited',
  'budget-spent',
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
