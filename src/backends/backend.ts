/** What a back-end is: the configuration of one library, written from what a policy enables. */
import { type EffectivePolicy, evaluatePolicy } from '../policy/effective-policy.ts'
import type { Policy } from '../policy/policy.ts'
import { checkPolicy } from '../policy/policy-arguments.ts'
import { type PurposeName, purpose } from '../policy/scope.ts'

export type Backend = {
  /** The stem of its file: `opensshserver` writes `opensshserver.config`. */
  readonly name: string
  /** What people call the library. */
  readonly title: string
  /** What it asks the policy for. */
  readonly purposes: readonly PurposeName[]
  /** A shell command that makes running services read the new file. */
  readonly reloadCommand?: string
  /** The text of its file: lines with their ends, or nothing at all. Any policy has one. */
  readonly generate: (policy: Policy) => string
}

type Definition<Name extends PurposeName> = Omit<Backend, 'generate'> & {
  readonly purposes: readonly Name[]
  /** Writes the file from the policy of each purpose; it sees no other purpose. */
  readonly print: (effective: { readonly [N in Name]: EffectivePolicy }) => string
}

/** Makes a back-end that evaluates the policy for its purposes and prints the result. */
export function defineBackend<const Name extends PurposeName>(
  definition: Definition<Name>,
): Backend {
  const { print, ...rest } = definition
  return {
    ...rest,
    generate: (policy) => {
      checkPolicy(policy, 'policy')
      return print(evaluatePurposes(policy, definition.purposes))
    },
  }
}

function evaluatePurposes<Name extends PurposeName>(policy: Policy, names: readonly Name[]) {
  const entries = names.map((name) => [name, evaluatePolicy(policy, purpose(name).scopes)])
  return Object.fromEntries(entries) as { readonly [N in Name]: EffectivePolicy }
}
