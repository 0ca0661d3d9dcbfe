/** `query-migrate`: QEMU's fields; what nothing is known of here is 0. */
import type { AddressInfo } from 'node:net'
import type { HostMigrations } from '../host/host-migrations.ts'
import type { IncomingMigration } from '../host/incoming-migration.ts'
import type { OutgoingMigration } from '../host/outgoing-migration.ts'
import type { PassedMigration } from '../host/passed-migration.ts'
import type { RefusedMigration } from '../host/refused-migration.ts'
import type { JsonObject } from '../protocol/json-value.ts'
import { ANY, INT, listOf, NUMBER, optional, STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

/** In the order of QEMU's type; the rates are numbers. */
const COUNTS = [
  ...['transferred', 'remaining', 'total', 'duplicate', 'skipped', 'normal', 'normal-bytes'],
  ...['dirty-pages-rate', 'dirty-sync-count', 'postcopy-requests', 'page-size', 'multifd-bytes'],
  ...['pages-per-second', 'precopy-bytes', 'downtime-bytes', 'postcopy-bytes'],
  'dirty-sync-missed-zero-copy',
] as const

const RAM = struct('MigrationStats', {
  ...Object.fromEntries(COUNTS.map((name) => [name, INT])),
  mbps: NUMBER,
})

/** Of x86. */
const PAGE_SIZE = 4096n

export const QUERY_MIGRATE = defineCommand({
  name: 'query-migrate',
  returns: struct('MigrationInfo', {
    status: optional(STR),
    ram: optional(RAM),
    'total-time': optional(INT),
    'expected-downtime': optional(INT),
    downtime: optional(INT),
    'setup-time': optional(INT),
    'error-desc': optional(STR),
    'socket-address': optional(listOf(ANY)),
  }),
  run: ({ migrations }) => describe(migrations),
})

function describe({ incoming, outgoing }: HostMigrations): JsonObject {
  if (outgoing) return describeOutgoing(outgoing)
  return incoming ? describeIncoming(incoming) : {}
}

function describeIncoming({ status, error, place }: IncomingMigration): JsonObject {
  if (status === 'completed') return { status }
  if (status === 'failed')
    return { status, ...(error === undefined ? {} : { 'error-desc': error }) }
  const waiting = { 'socket-address': [describePlace(place)] }
  return status === 'setup' ? waiting : { status, ...waiting }
}

function describePlace(place: AddressInfo | string): JsonObject {
  if (typeof place === 'string') return { path: place, type: 'unix' }
  const { address, port, family } = place
  const version = family === 'IPv6' ? { ipv6: true } : { ipv4: true }
  return { port: `${port}`, ...version, host: address, type: 'inet' }
}

function describeOutgoing(
  outgoing: OutgoingMigration | PassedMigration | RefusedMigration,
): JsonObject {
  const { status, error } = outgoing
  if (outgoing.kind === 'refused' || status === 'failed')
    return { status, ...(error === undefined ? {} : { 'error-desc': error }) }
  if (status === 'cancelled') return { status }
  const { times } = outgoing
  return {
    ...(status === 'completed' ? { downtime: 0n } : { 'expected-downtime': 300n }),
    status,
    'setup-time': milliseconds(times.setup),
    'total-time': milliseconds(times.total),
    ram: describeRam(outgoing),
    ...(outgoing.kind === 'passed' && status === 'setup'
      ? { 'socket-address': [describePlace(outgoing.place)] }
      : {}),
  }
}

function describeRam(outgoing: OutgoingMigration | PassedMigration): JsonObject {
  const { sent, total, times } = outgoing
  const counts = Object.fromEntries(COUNTS.map((name) => [name, 0n]))
  return {
    ...counts,
    total: BigInt(total),
    ...(outgoing.kind === 'passed'
      ? countPages(outgoing.pages)
      : { remaining: BigInt(total - sent) }),
    transferred: BigInt(sent),
    'precopy-bytes': BigInt(sent),
    'page-size': PAGE_SIZE,
    // Megabits a second.
    mbps: times.total > 0 ? (sent * 8) / 1000 / times.total : 0,
  }
}

/** What the source still has to send of it, it alone knows. */
function countPages({ normal, zero, passes }: PassedMigration['pages']): JsonObject {
  return {
    duplicate: BigInt(zero),
    normal: BigInt(normal),
    'normal-bytes': BigInt(normal) * PAGE_SIZE,
    'dirty-sync-count': BigInt(passes),
  }
}

function milliseconds(time: number): bigint {
  return BigInt(Math.round(time))
}
