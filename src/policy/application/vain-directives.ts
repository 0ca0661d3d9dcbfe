/** Directives of an application policy that none of its back-ends sees. */
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import { printDirective, writtenStatement } from '../provenance.ts'
import { readersOf, scopesAt } from '../purpose-readers.ts'
import { type PurposeName, selects } from '../scope.ts'
import { spanOf } from '../syntax.ts'
import { APPLICATION_KINDS } from './application-diagnostics.ts'
import type { ApplicationPolicy } from './application-policy.ts'

/** One finding for each line whose scope or property no back-end of the application reads. */
export function findVainDirectives(
  { name, backends, directives }: ApplicationPolicy,
  purposes: readonly PurposeName[],
): readonly Diagnostic[] {
  const vain = directives.filter(
    ({ property, selector }) =>
      !readersOf(property).some(
        (place) => purposes.includes(place) && selects(selector, scopesAt(place)),
      ),
  )
  const statements = new Map(vain.map((directive) => [writtenStatement(directive), directive]))
  // A deprecated line stands for several directives, of which one may have an effect.
  const effective = new Set(
    directives.filter((one) => !vain.includes(one)).map((one) => writtenStatement(one)),
  )
  return [...statements]
    .filter(([statement]) => !effective.has(statement))
    .map(([statement, directive]) => {
      const data = { application: name, directive: printDirective(directive), backends }
      return diagnose(APPLICATION_KINDS.noEffect, data, spanOf(statement))
    })
}
