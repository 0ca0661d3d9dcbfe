/** Audits a real server, and again from its evidence: both have to learn the same. */
import { expect } from 'vitest'
import { DEFAULT_LIMITS, DialedSource } from '../../../src/audit/connection/dialed-source.ts'
import type { Transcript } from '../../../src/audit/connection/transcript.ts'
import { ReplaySource } from '../../../src/audit/evidence/replay-source.ts'
import type { TlsScan } from '../../../src/audit/model.ts'
import { scan } from '../../../src/audit/scan/scan.ts'
import { SEED } from '../../seed.ts'

/** @param port Of a server on this machine. */
export async function auditAndReplay(port: number, scheme = 'tls'): Promise<TlsScan | null> {
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const
  const limits = { ...DEFAULT_LIMITS, connecting: 60_000, silence: 60_000, duration: 120_000 }
  const target = { text: 'test', scheme, address, serverName: 'localhost' }
  const seed = Buffer.alloc(32, SEED)
  const transcripts: Transcript[] = []
  const keep = (transcript: Transcript): void => void transcripts.push(transcript)
  const first = await scan(target, { source: new DialedSource(address, limits), seed, keep })
  expect(await scan(target, { source: new ReplaySource(transcripts), seed })).toEqual(first)
  return first.tls
}
