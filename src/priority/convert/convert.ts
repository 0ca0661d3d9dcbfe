/** Says what a priority string allows in another library's words: the same set, or a subset. */
import type { AllowedTls } from '../../algorithms/allowed-tls.ts'
import { fail } from '../../diagnostics/diagnostic.ts'
import type { Evaluation } from '../evaluate.ts'
import { type ConversionTarget, type LibraryReleases, oldestRelease } from '../library-releases.ts'
import { apacheDialect, printApache } from './apache.ts'
import type { Conversion } from './conversion.ts'
import { CONVERT_KINDS } from './convert-diagnostics.ts'
import { type Dialect, type Spoken, speak } from './dialect.ts'
import { dovecotDialect, printDovecot } from './dovecot.ts'
import { goDialect, printGo } from './go.ts'
import { haproxyDialect, printHaproxy } from './haproxy.ts'
import { javaDialect, printJava } from './java.ts'
import { narrow } from './narrowing.ts'
import { nginxDialect, printNginx } from './nginx.ts'
import { nssDialect, printNss } from './nss.ts'
import { printNode, printOpenssl } from './openssl.ts'
import { opensslDialect } from './openssl-dialect.ts'
import { postfixDialect, printPostfix } from './postfix.ts'
import { postgresqlDialect, printPostgresql } from './postgresql.ts'

type Target = {
  readonly dialect: (releases: LibraryReleases) => Dialect
  readonly print: (spoken: Spoken) => string
}

const TARGETS: Readonly<Record<ConversionTarget, Target>> = {
  openssl: {
    dialect: ({ openssl = oldestRelease('openssl') }) => opensslDialect(openssl),
    print: printOpenssl,
  },
  node: {
    dialect: ({ openssl = oldestRelease('openssl') }) => opensslDialect(openssl),
    print: printNode,
  },
  nginx: {
    dialect: ({ openssl = oldestRelease('openssl') }) => nginxDialect(openssl),
    print: printNginx,
  },
  apache: {
    dialect: ({ openssl = oldestRelease('openssl') }) => apacheDialect(openssl),
    print: printApache,
  },
  haproxy: {
    dialect: ({ openssl = oldestRelease('openssl') }) => haproxyDialect(openssl),
    print: printHaproxy,
  },
  postfix: {
    dialect: ({ openssl = oldestRelease('openssl') }) => postfixDialect(openssl),
    print: printPostfix,
  },
  dovecot: {
    dialect: ({ openssl = oldestRelease('openssl') }) => dovecotDialect(openssl),
    print: printDovecot,
  },
  postgresql: {
    dialect: ({ openssl = oldestRelease('openssl') }) => postgresqlDialect(openssl),
    print: printPostgresql,
  },
  nss: {
    dialect: ({ nss = oldestRelease('nss') }) => nssDialect(nss),
    print: printNss,
  },
  java: {
    dialect: ({ jdk = oldestRelease('jdk') }) => javaDialect(jdk),
    print: printJava,
  },
  go: {
    dialect: ({ go = oldestRelease('go') }) => goDialect(go),
    print: printGo,
  },
}

/**
 * Converts an evaluation; what it allows over DTLS is left aside.
 *
 * @throws DiagnosticError where the library has nothing that the string allows. An empty list would
 * mean the library's own defaults.
 */
export function convertPriority(
  evaluation: Evaluation,
  target: ConversionTarget,
  releases: LibraryReleases = {},
): Conversion {
  const { dialect: dialectOf, print } = TARGETS[target]
  const dialect = dialectOf(releases)
  const { allowed, omissions } = narrow(evaluation, dialect)
  if (allowed.versions.length === 0) fail(CONVERT_KINDS.nothingLeft, { target, omissions })
  const demands = { evaluation, allowed }
  const { refusedKeys = () => [], undecided = [] } = dialect
  return {
    text: print(speak(evaluation, allowed, dialect)),
    omissions: [...omissions, ...refusedKeys(demands)],
    surplus: findSurplus(allowed, dialect),
    unenforced: dialect.unenforced(demands),
    undecided,
    allowed,
  }
}

function findSurplus(allowed: AllowedTls, { fixedSchemes }: Dialect): readonly string[] {
  const names = new Set<string>(allowed.signatureSchemes.map(({ name }) => name))
  return fixedSchemes?.(allowed).filter((name) => !names.has(name)) ?? []
}
