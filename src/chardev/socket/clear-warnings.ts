/** What is noticed of chardevs that go over a network without TLS. */
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import { ENDPOINT_KINDS } from '../../endpoint/endpoint-diagnostics.ts'
import { isLoopback, isOpenToNetwork } from '../../net/address.ts'
import { CHARDEV_KINDS } from '../chardev-diagnostics.ts'
import type { ChardevDefinition } from '../definition/chardev-definition.ts'
import { printChardevAddress } from './socket-address.ts'

/** @param place Where it listens. */
export function clearWarnings(definition: ChardevDefinition, place: string): readonly Diagnostic[] {
  if (definition.backend !== 'socket' || definition.credentials !== undefined) return []
  const { isServer, address } = definition
  if (isServer) {
    return isOpenToNetwork(place) ? [diagnose(ENDPOINT_KINDS.clearText, { address: place })] : []
  }
  const isFar = address.kind === 'inet' && address.host !== '' && !isLoopback(address.host)
  return isFar ? [diagnose(CHARDEV_KINDS.clearTarget, { place: printChardevAddress(address) })] : []
}
