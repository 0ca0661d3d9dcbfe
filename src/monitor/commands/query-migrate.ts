/** `query-migrate`: QEMU's fields; what nothing is known of here is 0. */
import type { AddressInfo } from 'node:net'
import type { HostMigrations } from '../host/host-migrations.ts'
import type { IncomingMigration } from '../host/incoming-migration.ts'
import type { OutgoingMigration } from '../host/outgoing-migration.ts'
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

function describeOutgoing(outgoing: OutgoingMigration): JsonObject {
  const { status, error, times } = outgoing
  if (status === 'failed')
    return { status, ...(error === undefined ? {} : { 'error-desc': error }) }
  if (status === 'cancelled') return { status }
  return {
    ...(status === 'completed' ? { downtime: 0n } : { 'expected-downtime': 300n }),
    status,
    'setup-time': milliseconds(times.setup),
    'total-time': milliseconds(times.total),
    ram: describeRam(outgoing),
  }
}

function describeRam({ sent, total, times }: OutgoingMigration): JsonObject {
  const counts = Object.fromEntries(COUNTS.map((name) => [name, 0n]))
  return {
    ...counts,
    total: BigInt(total),
    remaining: BigInt(total - sent),
    transferred: BigInt(sent),
    'precopy-bytes': BigInt(sent),
    'page-size': 4096n,
    // Megabits a second.
    mbps: times.total > 0 ? (sent * 8) / 1000 / times.total : 0,
  }
}

function milliseconds(time: number): bigint {
  return BigInt(Math.round(time))
}
