/** What a back-end of applications is: the settings of one program's TLS, written from a policy. */
import { memoize } from '../../cache/memoize.ts'
import { RecentlyUsed } from '../../cache/recently-used.ts'
import type { LayeredPolicy } from '../../policy/application/application-policy.ts'
import { type EffectivePolicy, evaluatePolicy } from '../../policy/effective-policy.ts'
import type { Policy } from '../../policy/policy.ts'
import type { TlsPurpose } from '../../policy/scope.ts'
import { purpose } from '../../policy/scope.ts'
import type { LibraryReleases } from '../../priority/library-releases.ts'
import type { GnutlsRelease } from '../../priority/releases.ts'

/** What the host has: names that its libraries do not know are left out. */
export type HostReleases = LibraryReleases & { readonly gnutls: GnutlsRelease }

export type ApplicationInput = {
  /**
   * The system policy with the application's directives over it. Of the application, what the text may depend
   * on is `effective`, and whether it may exceed the system policy.
   */
  readonly policy: LayeredPolicy
  /** The same, evaluated for the back-end's purpose. */
  readonly effective: EffectivePolicy
  readonly releases: HostReleases
}

export type ApplicationText = {
  /** Undefined where nothing can be negotiated: an empty list would mean a library's own default. */
  readonly text: string | undefined
  /** In words: what is left out, and what the program cannot be kept from. */
  readonly remarks: readonly string[]
}

export type ApplicationBackend = {
  /** As `%back_ends` names it. */
  readonly name: string
  /** What people call the program or library. */
  readonly title: string
  /** What it asks the policy for. */
  readonly purpose: TlsPurpose
  /** The name of its file; undefined for the one that has a line in gnutls.config. */
  readonly file: string | undefined
  /**
   * What keeps a library from negotiating anything, for one that goes on without its file. By default there is no
   * file then, at which the program stops.
   */
  readonly nothing?: string
  readonly generate: (input: ApplicationInput) => ApplicationText
}

/**
 * What a back-end makes of a system policy with an application's directives over it. Many programs of a host
 * are allowed the same, for which it is made once.
 */
export function writeApplication(
  policy: LayeredPolicy,
  backend: ApplicationBackend,
  releases: HostReleases,
): ApplicationText {
  const effective = evaluatePolicy(policy, purpose(backend.purpose).scopes)
  const texts = textsOver(policy.system)
  const key = JSON.stringify([
    ...[backend.name, policy.application.mayExceed, releases],
    ...[effective.enabled, effective.integers, effective.choices],
  ])
  const text = texts.get(key) ?? backend.generate({ policy, effective, releases })
  texts.keep(key, text)
  return text
}

/** A host with more programs than this waits a little longer. */
const MOST_TEXTS = 512

const textsOver = memoize((_system: Policy) => new RecentlyUsed<ApplicationText>(MOST_TEXTS))
