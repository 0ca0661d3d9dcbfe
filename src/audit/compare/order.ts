/** The server's order of preference, where it is weaker than that of the yardstick. */
import { compareNamed } from '../../algorithms/compare-allowed.ts'
import type { TlsScan } from '../model.ts'
import type { Finding } from './finding.ts'
import { FINDING_KINDS, makeFinding } from './finding-kinds.ts'
import { isModern } from './suite-severity.ts'
import type { TlsYardstick } from './yardstick.ts'

export function compareOrder({ suites }: TlsScan, yardstick: TlsYardstick): readonly Finding[] {
  return suites.flatMap((list) => weakerOrder(list, yardstick))
}

/** Libraries sort alike suites each in their own way: only weak before strong is a difference. */
function weakerOrder(
  { order, items, version }: TlsScan['suites'][number],
  { allowed, reasonsFor }: TlsYardstick,
): readonly Finding[] {
  if (order !== 'server') return []
  const { reordering } = compareNamed(allowed.suites, items)
  if (!reordering) return []
  const { before, after } = reordering
  const weak = after.find((name) => !isModern(name))
  if (weak === undefined) return []
  const strong = after.slice(after.indexOf(weak)).find(isModern)
  if (strong === undefined || before.indexOf(strong) > before.indexOf(weak)) return []
  const item = { kind: 'suite order', name: weak, version }
  const reasons = reasonsFor({ kind: 'suite', name: strong })
  const evidence = [`suites ${version}`]
  return [makeFinding(FINDING_KINDS.orderWeaker, { item, evidence, reasons, detail: strong })]
}
