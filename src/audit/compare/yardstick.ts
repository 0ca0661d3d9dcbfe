/** What a TLS server is held against: what is allowed, and the lines that say so. */
import type { AllowedTls, MinimumKeySizes } from '../../algorithms/allowed-tls.ts'
import type { Reason } from './finding.ts'

/** What a yardstick can be asked about, by its name in the IANA registry. */
export type AskedItem =
  | {
      readonly kind: 'version' | 'suite' | 'group' | 'signature scheme'
      readonly name: string
    }
  | { readonly kind: 'key size'; readonly name: keyof MinimumKeySizes }

/** Each list allows everything where it is empty. */
export type CertificateRules = {
  /** `rsa`, `ecdsa`. */
  readonly types: readonly string[]
  /** As node:crypto calls them: `prime256v1`. */
  readonly curves: readonly string[]
  /** As GnuTLS calls them: `RSA-SHA256`. */
  readonly signatures: readonly string[]
  readonly reasonFor: (field: string) => Reason
}

/** A suite that the shared tables do not have. */
export type OtherSuite = {
  /** IANA's. */
  readonly name: string
  /** As the shared tables spell it: `ECDHE-RSA`. */
  readonly keyExchange: string
  /** The one version that has it: `TLS1.2`. */
  readonly version: string
}

export type TlsYardstick = {
  /** `the policy FUTURE, as GnuTLS reads it` */
  readonly title: string
  readonly allowed: AllowedTls
  /** Suites that are allowed too, whose ciphers no policy has a name for: those of ARIA. */
  readonly otherSuites?: readonly OtherSuite[]
  /** Parts of TLS that it says nothing of: a cipher list has no groups. */
  readonly silentOn: readonly AskedItem['kind'][]
  /** What certificates may be beside the sizes of their keys; undefined where nothing is said of that. */
  readonly certificates?: CertificateRules
  /** The lines that allow or forbid something. */
  readonly reasonsFor: (item: AskedItem) => readonly Reason[]
}
