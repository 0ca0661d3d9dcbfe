/** Which questions are asked again, and when a server is told to limit its rate: scripted servers, in this process. */
import { describe, expect, test } from 'vitest'
import { Connections } from '../../../src/audit/connection/connections.ts'
import type { ConnectionEnd, Failure } from '../../../src/audit/connection/failure.ts'
import { PatientConnections } from '../../../src/audit/connection/patient-connections.ts'
import { refuse } from '../../../src/wire/protocol-error.ts'

/** What a server does with a question: it answers, it answers in part and closes, or it says nothing. */
type Behaviour = 'answers' | 'breaks off' | ConnectionEnd | Failure

/** A server that behaves in turn as is written down, then answers; and the questions that it heard. */
function serverOf(...script: readonly Behaviour[]) {
  const heard: string[] = []
  let open = 0
  let most = 0
  const source = {
    connections: 0,
    open: async (claim: string) => {
      const behaviour = script[heard.length] ?? 'answers'
      heard.push(claim)
      if (typeof behaviour === 'object') return behaviour
      most = Math.max(most, ++open)
      const isWhole = behaviour === 'answers'
      const bytes = isWhole || behaviour === 'breaks off' ? [Buffer.alloc(isWhole ? 2 : 1)] : []
      const end = isWhole || behaviour === 'breaks off' ? 'closed' : behaviour
      return {
        ...{ send: () => {}, limitSilence: () => {} },
        close: () => void open--,
        receive: async () => bytes.shift() ?? end,
      }
    },
  }
  const connections = new Connections({ source, seed: Buffer.alloc(32) })
  return { connections, heard, atOnce: () => most }
}

const control = (exchange: { read: (length: number) => Promise<Buffer> }) => exchange.read(1)

/** Asks questions of two bytes, one after the other; gives what became of each. */
async function askAll(
  server: ReturnType<typeof serverOf>,
  claims: readonly string[],
  pauses: readonly number[] = [1, 1],
): Promise<readonly string[]> {
  const patient = new PatientConnections(server.connections, control, pauses)
  const outcomes: string[] = []
  for (const claim of claims) {
    const asked = await patient.ask(claim, (exchange) => exchange.read(2))
    outcomes.push(asked.isAnswered ? 'answered' : asked.failure.failure)
  }
  return outcomes
}

describe('a question without an answer', () => {
  test('is told as it is where the server has answered none before', async () => {
    const server = serverOf('closed', 'reset')
    expect(await askAll(server, ['a', 'b'])).toEqual(['closed', 'reset'])
    expect(server.heard).toEqual(['a', 'b'])
  })

  test.each(['closed', 'reset', 'timed-out', { failure: 'unreachable', reason: 'x' }] as const)(
    'is told as it is (%j) where the server answers the control',
    async (end) => {
      const server = serverOf('answers', end)
      const failure = typeof end === 'string' ? end : end.failure
      expect(await askAll(server, ['a', 'b'])).toEqual(['answered', failure])
      expect(server.heard).toEqual(['a', 'b', 'b, control'])
    },
  )

  test('is one also where the server has spoken before the question', async () => {
    const server = serverOf('answers', 'breaks off', 'answers', 'breaks off', 'breaks off')
    const greeted = server.connections.withPrelude(
      async (exchange) => void (await exchange.read(1)),
    )
    const patient = new PatientConnections(greeted, control, [])
    const ask = async (claim: string) => patient.ask(claim, (exchange) => exchange.read(1))
    expect(await ask('a')).toMatchObject({ isAnswered: true })
    expect(await ask('b')).toEqual({ isAnswered: false, failure: { failure: 'closed' } })
    expect(await ask('c')).toEqual({ isAnswered: false, failure: { failure: 'rate-limited' } })
    expect(server.heard).toEqual(['a', 'b', 'b, control', 'c', 'c, control'])
  })

  test('is not followed by the control where the server has said something', async () => {
    const server = serverOf('breaks off', 'breaks off', 'closed')
    expect(await askAll(server, ['a', 'b', 'c'])).toEqual(['malformed', 'malformed', 'closed'])
    // That it broke off shows that it was there.
    expect(server.heard).toEqual(['a', 'b', 'c', 'c, control'])
  })

  test.each([
    'too-much',
    'interrupted',
    { failure: 'budget-spent' },
    { failure: 'time-spent' },
  ] as const)('is not followed by the control where it ended otherwise: %j', async (end) => {
    const server = serverOf('answers', end)
    const failure = typeof end === 'string' ? end : end.failure
    expect(await askAll(server, ['a', 'b'])).toEqual(['answered', failure])
    expect(server.heard).toEqual(['a', 'b'])
  })

  test('is followed by the control however often the server was seen to refuse so', async () => {
    const refusal = ['closed', 'answers'] as const
    const server = serverOf('answers', ...refusal, ...refusal, ...refusal)
    expect(await askAll(server, ['a', 'b', 'c', 'd'])).toEqual([
      'answered',
      ...Array(3).fill('closed'),
    ])
    expect(server.heard).toEqual([
      ...['a', 'b', 'b, control', 'c', 'c, control', 'd', 'd, control'],
    ])
  })

  test('is a limit of the rate also where the server was seen to refuse so before', async () => {
    const refusal = ['closed', 'answers'] as const
    const limit = Array<Behaviour>(9).fill('closed')
    const server = serverOf('answers', ...refusal, ...refusal, 'answers', ...limit)
    expect(await askAll(server, ['a', 'b', 'c', 'd', 'e'])).toEqual([
      ...['answered', 'closed', 'closed', 'answered', 'rate-limited'],
    ])
  })
})

describe('a control without an answer', () => {
  test('lets the question be asked again where a later control is answered', async () => {
    const server = serverOf('answers', 'closed', 'closed', 'closed', 'answers', 'closed', 'answers')
    expect(await askAll(server, ['a', 'b'], [1, 1, 1])).toEqual(['answered', 'answered'])
    expect(server.heard).toEqual([
      ...['a', 'b', 'b, control', 'b, control 2', 'b, control 3', 'b, again 2'],
      ...['b, control 4', 'b, again 3'],
    ])
  })

  test('of a question that is refused with a word in the end is no limit', async () => {
    const server = serverOf('answers', 'closed', 'closed', 'answers', 'breaks off')
    expect(await askAll(server, ['a', 'b'])).toEqual(['answered', 'malformed'])
  })

  test('is told as a limit where none is answered any more, and from then on at once', async () => {
    const server = serverOf('answers', ...Array<Behaviour>(6).fill('reset'), 'answers', 'closed')
    const outcomes = await askAll(server, ['a', 'b', 'c', 'd', 'e'])
    expect(outcomes).toEqual([
      'answered',
      'rate-limited',
      'rate-limited',
      'rate-limited',
      'answered',
    ])
    expect(server.heard).toEqual([
      ...['a', 'b', 'b, control', 'b, control 2', 'b, control 3', 'c', 'd', 'e'],
    ])
  })

  test.each(['budget-spent', 'time-spent', 'interrupted'] as const)(
    'is told as it is where no further question may be asked: %s',
    async (failure) => {
      const first = serverOf('answers', 'closed', { failure })
      expect(await askAll(first, ['a', 'b'])).toEqual(['answered', failure])
      expect(first.heard).toHaveLength(3)
      const later = serverOf('answers', 'closed', 'closed', { failure })
      expect(await askAll(later, ['a', 'b'])).toEqual(['answered', failure])
      expect(later.heard).toHaveLength(4)
    },
  )
})

describe('a server that was short of room', () => {
  test('is asked slowly from then on, and judged by the control again', async () => {
    const server = serverOf(
      ...(['answers', 'closed', 'closed', 'answers', 'answers'] as const),
      ...(['answers', 'closed', 'answers'] as const),
    )
    const begin = performance.now()
    const outcomes = await askAll(server, ['a', 'b', 'c', 'd'], [40])
    expect(outcomes).toEqual(['answered', 'answered', 'answered', 'closed'])
    // Before the control, before the question again, and before each that follows; timers may be a little early.
    expect(performance.now() - begin).toBeGreaterThan(4 * 39)
    expect(server.heard).toEqual([
      ...['a', 'b', 'b, control', 'b, control 2', 'b, again 1', 'c', 'd', 'd, control'],
    ])
  })

  test('gets one question at a time, whatever became of the one before', async () => {
    const server = serverOf('answers', 'closed', 'closed', 'answers', 'answers')
    const patient = new PatientConnections(server.connections, control, [1])
    await patient.ask('a', (exchange) => exchange.read(2))
    await patient.ask('b', (exchange) => exchange.read(2))
    const together = ['c', 'd', 'e'].map((claim) =>
      patient.ask(claim, async (exchange) => {
        await exchange.read(1)
        if (claim === 'c') throw new Error('a mistake of the program')
        return claim === 'd' ? refuse('rubbish') : 'e'
      }),
    )
    const outcomes = await Promise.allSettled(together)
    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: { message: 'a mistake of the program' } },
      { value: { isAnswered: false, failure: { failure: 'malformed', reason: 'rubbish' } } },
      { value: { isAnswered: true, value: 'e' } },
    ])
    expect(server.atOnce()).toBe(1)
  })

  test('is asked for the control once where questions at the same time were not answered', async () => {
    const server = serverOf('answers', 'closed', 'closed', 'closed', 'closed', 'closed')
    const patient = new PatientConnections(server.connections, control, [1])
    await patient.ask('a', (exchange) => exchange.read(2))
    const together = ['b', 'c', 'd'].map((claim) =>
      patient.ask(claim, (exchange) => exchange.read(2)),
    )
    const limited = { isAnswered: false, failure: { failure: 'rate-limited' } }
    expect(await Promise.all(together)).toEqual([limited, limited, limited])
    expect(server.heard).toEqual(['a', 'b', 'c', 'd', 'b, control', 'b, control 2'])
  })
})
