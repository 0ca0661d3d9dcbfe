import { describe, expect, test } from 'vitest'
import { Connections } from '../../../src/audit/connection/connections.ts'
import { Transcript } from '../../../src/audit/connection/transcript.ts'
import { parseEvidence, printEvidence } from '../../../src/audit/evidence/evidence.ts'
import { EvidenceMismatch, ReplaySource } from '../../../src/audit/evidence/replay-source.ts'
import { fc } from '../../seed.ts'
import { countedSource } from '../counted-source.ts'

const SEED = Buffer.alloc(32, 7)

const HEADER = { evidence: 1, subject: { target: 'host:22' }, seed: SEED.toString('hex') } as const

/** A source that answers with the claim, the later the shorter it is. */
function live() {
  return countedSource(async (claim) => {
    if (claim === 'none') return { failure: 'unreachable', reason: 'nothing listens' }
    const answers = [Buffer.from(claim)]
    return {
      send: () => {},
      receive: async () => {
        for (let turn = 20 - claim.length; turn > 0; turn--) await Promise.resolve()
        return answers.shift() ?? ('reset' as const)
      },
      limitSilence: () => {},
      close: () => {},
    }
  })
}

const CLAIMS = ['a', 'none', 'longer claim', 'middle', 'a']

async function askAll(connections: Connections): Promise<readonly unknown[]> {
  const order: string[] = []
  const answers = await Promise.all(
    CLAIMS.map(async (claim) => {
      const asked = await connections.ask(claim, async (exchange) => {
        await exchange.write(exchange.random(8))
        const read = await exchange.read(claim.length)
        return read.toString()
      })
      order.push(claim)
      return asked
    }),
  )
  return [...answers, order, connections.count]
}

test('a replay has the answers, the order and the count of the audit', async () => {
  const transcripts: Transcript[] = []
  const keep = (transcript: Transcript): void => void transcripts.push(transcript)
  const first = await askAll(new Connections({ source: live(), seed: SEED, keep }))
  const parsed = parseEvidence(printEvidence({ header: HEADER, transcripts }))
  if (!parsed.ok) throw new Error(parsed.reason)
  const again: Transcript[] = []
  const source = new ReplaySource(parsed.evidence.transcripts)
  const replayed = await askAll(
    new Connections({ source, seed: SEED, keep: (transcript) => void again.push(transcript) }),
  )
  expect(replayed).toEqual(first)
  expect(printEvidence({ header: HEADER, transcripts: again })).toBe(
    printEvidence({ header: HEADER, transcripts }),
  )
})

test('a question that the evidence does not hold is refused', async () => {
  const connections = new Connections({ source: new ReplaySource([]), seed: SEED })
  await expect(connections.ask('new', async () => 0)).rejects.toThrow(EvidenceMismatch)
})

const LINE = { claim: 'a', steps: [{ sent: '00' }, { received: 'ff' }], end: null, failure: null }

test.each([
  ['', 1, 'it does not begin as evidence of an audit'],
  ['{}\n', 1, 'it does not begin as evidence of an audit'],
  [`${JSON.stringify(HEADER)}\n{`, 2, 'it is not JSON'],
  ...[
    { ...LINE, claim: 1 },
    { ...LINE, steps: [{ sent: '0' }] },
    { ...LINE, steps: [{}] },
    { ...LINE, end: 'burnt' },
    { ...LINE, failure: { failure: 'unreachable' } },
    { ...LINE, failure: 'closed' },
    [],
    null,
  ].map((line): [string, number, string] => [
    `${JSON.stringify(HEADER)}\n${JSON.stringify(LINE)}\n${JSON.stringify(line)}\n`,
    3,
    'it is no question with its answer',
  ]),
])('%j is no evidence', (text, line, reason) => {
  expect(parseEvidence(text)).toEqual({ ok: false, line, reason })
})

const lineOf = (value: unknown) => `${JSON.stringify(value)}\n`
const HEAD = lineOf(HEADER)

test.each([
  { ...HEADER, evidence: 2 },
  { ...HEADER, evidence: undefined },
  { ...HEADER, subject: 'host' },
  { ...HEADER, subject: null },
  { ...HEADER, seed: HEADER.seed.slice(2) },
  { ...HEADER, seed: `${HEADER.seed}00` },
  { ...HEADER, seed: HEADER.seed.replace('0', 'G') },
  { ...HEADER, seed: 7 },
])('%j is no beginning of evidence', (header) => {
  const reason = 'it does not begin as evidence of an audit'
  expect(parseEvidence(lineOf(header))).toEqual({ ok: false, line: 1, reason })
})

test.each([
  { ...LINE, claim: undefined },
  { ...LINE, steps: 'none' },
  { ...LINE, steps: [{ sent: '00' }, { received: 'FF' }] },
  { ...LINE, steps: [{ received: '0' }] },
  { ...LINE, steps: [{ received: 7 }] },
  { ...LINE, steps: [null] },
  { ...LINE, end: undefined },
  { ...LINE, end: 'malformed' },
  { ...LINE, failure: undefined },
  { ...LINE, failure: { failure: null } },
  { ...LINE, failure: { failure: 'lost' } },
  { ...LINE, failure: { failure: 'malformed' } },
  { ...LINE, failure: { failure: 'no-upgrade', reason: 1 } },
])('%j is no question', (line) => {
  const reason = 'it is no question with its answer'
  expect(parseEvidence(HEAD + lineOf(line))).toEqual({ ok: false, line: 2, reason })
})

const REASON = { reason: 'as it was' }

test.each([
  ...['closed', 'reset', 'timed-out', 'too-much', 'interrupted'].map((end) => ({ end })),
  ...['closed', 'reset', 'timed-out', 'too-much', 'interrupted'].map((failure) => ({
    failure: { failure },
  })),
  ...['rate-limited', 'budget-spent', 'time-spent'].map((failure) => ({ failure: { failure } })),
  ...['unreachable', 'malformed', 'no-upgrade'].map((failure) => ({
    failure: { failure, ...REASON },
  })),
  { steps: [] },
  { steps: [{ sent: '' }, { received: '00ff' }, { sent: '16' }] },
])('a question with %j is read and printed as it was', (part) => {
  const text = HEAD + lineOf({ ...LINE, ...part })
  const parsed = parseEvidence(text)
  expect(parsed.ok && printEvidence(parsed.evidence)).toBe(text)
})

describe('a replay', () => {
  const recorded = (claim: string, part: object) => {
    const parsed = parseEvidence(HEAD + lineOf({ ...LINE, claim, ...part }))
    const [transcript] = parsed.ok ? parsed.evidence.transcripts : []
    if (!transcript) throw new Error('it is no transcript')
    return transcript
  }

  test.each([
    [null, 'closed'],
    ['closed', 'closed'],
    ['reset', 'reset'],
    ['timed-out', 'timed-out'],
  ])('of a connection that ended so: %j', async (end, word) => {
    const steps = [{ received: '01' }, { sent: '02' }, { received: '0304' }]
    const source = new ReplaySource([recorded('a', { steps, end })])
    const transport = await source.open('a')
    if (!('receive' in transport)) throw new Error('it failed')
    transport.send(Buffer.of(9))
    transport.limitSilence(1)
    const received = [await transport.receive(), await transport.receive()]
    expect(received).toEqual([Buffer.of(1), Buffer.of(3, 4)])
    expect([await transport.receive(), await transport.receive()]).toEqual([word, word])
    expect(source.connections).toBe(1)
  })

  test.each([
    [{ failure: 'unreachable', ...REASON }, 1],
    [{ failure: 'timed-out' }, 1],
    [{ failure: 'reset' }, 1],
    [{ failure: 'budget-spent' }, 0],
    [{ failure: 'time-spent' }, 0],
    [{ failure: 'too-much' }, 0],
    [{ failure: 'interrupted' }, 0],
  ])('of the failure %j counts %i connections', async (failure, connections) => {
    const source = new ReplaySource([recorded('a', { failure, steps: [] })])
    expect(await source.open('a')).toEqual(failure)
    expect(source.connections).toBe(connections)
  })

  test('answers questions with the same claim in the order in which they were asked', async () => {
    const source = new ReplaySource([
      recorded('a', { failure: { failure: 'reset' } }),
      recorded('a', { failure: { failure: 'closed' } }),
    ])
    expect(await source.open('a')).toEqual({ failure: 'reset' })
    expect(await source.open('a')).toEqual({ failure: 'closed' })
    await expect(source.open('a')).rejects.toThrow(EvidenceMismatch)
  })

  test('a question waits until all that ended before it have ended', async () => {
    const failed = (failure: string) => ({ failure: { failure } })
    const source = new ReplaySource([
      recorded('first', { steps: [{ received: '01' }] }),
      recorded('second', failed('reset')),
      recorded('third', failed('closed')),
      recorded('fourth', { steps: [{ received: '04' }] }),
    ])
    const order: string[] = []
    const note = (name: string) => () => void order.push(name)
    const fourth = await source.open('fourth')
    const first = await source.open('first')
    if (!('receive' in first && 'receive' in fourth)) throw new Error('they failed')
    const later = [
      fourth.receive().then(note('fourth')),
      source.open('third').then(note('third')),
      source.open('second').then(note('second')),
    ]
    for (let turn = 0; turn < 100; turn++) await Promise.resolve()
    expect(order).toEqual([])
    expect(await first.receive()).toEqual(Buffer.of(1))
    first.close()
    await Promise.all(later)
    expect(order).toEqual(['second', 'third', 'fourth'])
  })
})

test('bytes that came one at a time are one step, and as many as there are', () => {
  const transcript = new Transcript('drip')
  transcript.sent(Buffer.from([1]))
  for (let at = 0; at < 300_000; at++) transcript.received(Buffer.from([at & 0xff]))
  transcript.sent(Buffer.from([2]))
  expect(transcript.steps.map((step) => Object.keys(step))).toEqual([
    ['sent'],
    ['received'],
    ['sent'],
  ])
  const text = printEvidence({ header: HEADER, transcripts: [transcript] })
  const parsed = parseEvidence(text)
  expect(parsed.ok && printEvidence(parsed.evidence)).toBe(text)
})

test('evidence of very many and of very long steps is read', () => {
  const many = { ...LINE, steps: Array.from({ length: 300_000 }, () => ({ received: '16' })) }
  const long = { ...LINE, steps: [{ received: '16'.repeat(8_000_000) }] }
  for (const line of [many, long]) {
    expect(parseEvidence(`${JSON.stringify(HEADER)}\n${JSON.stringify(line)}\n`).ok).toBe(true)
  }
})

test('random texts are refused, never a crash', () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      expect(parseEvidence(`${JSON.stringify(HEADER)}\n${json}\n`).ok).toBe(false)
      expect(parseEvidence(json).ok).toBe(false)
    }),
  )
})

test('lines are counted with the empty ones, which cost nothing; a line may be only so long', () => {
  const head = JSON.stringify(HEADER)
  const line = JSON.stringify(LINE)
  const empty = '\n'.repeat(3_000_000)
  expect(parseEvidence(`\n${head}\n${empty}${line}`)).toMatchObject({ ok: true })
  expect(parseEvidence(`\n${head}\n\n\n{`)).toMatchObject({ line: 5, reason: 'it is not JSON' })
  const long = `${head}\n"${'x'.repeat(33 * 1024 * 1024)}"\n`
  expect(parseEvidence(long)).toMatchObject({ line: 2, reason: 'it is longer than any question' })
})

test('what was received in very many steps is one step, read in time that grows with its size', () => {
  const count = 1_000_000
  const steps = `[{"sent":"16"},${'{"received":"16"},'.repeat(count)}{"sent":"16"}]`
  const line = `{"claim":"x","steps":${steps},"end":null,"failure":null}`
  const parsed = parseEvidence(`${JSON.stringify(HEADER)}\n${line}\n`)
  if (!parsed.ok) throw new Error(parsed.reason)
  const [transcript] = parsed.evidence.transcripts
  expect(transcript?.steps.map((step) => ('sent' in step ? 1 : step.received.length))).toEqual([
    ...[1, count, 1],
  ])
})
