/** The suites of the versions of a scripted server, and servers that fail where they would choose some of them. */
import { EVERY_GROUP } from '../../../src/audit/messages/iana-groups.ts'
import { probeSuites } from '../../../src/audit/probes/suites.ts'
import type { VersionSuites } from '../../../src/audit/probes/unnamed-primes.ts'
import { type Chosen, choose } from '../scripted/choice.ts'
import type { Reaction, Script } from '../scripted/script.ts'
import type { Scripted } from '../scripted/server.ts'

export const [ECDHE_ECDSA, ECDHE_RSA, DHE_RSA, RSA] = [0xc009, 0xc013, 0x0033, 0x002f]
export const [TLS13, TLS12, TLS11, TLS10, SSL3] = [0x0304, 0x0303, 0x0302, 0x0301, 0x0300]

export const BASE: Script = {
  versions: [TLS12, TLS11],
  suites: [ECDHE_RSA, RSA],
  groups: [29, 23],
  schemes: [0x0401],
}

/** What it does where it would have chosen so. */
export function where(script: Script, react: (chosen: Chosen) => Reaction | undefined): Script {
  return {
    ...script,
    quirk: ({ hello }) => {
      const chosen = choose(script, hello)
      return typeof chosen === 'number' ? undefined : react(chosen)
    },
  }
}

export const FAILURE: Reaction = { alert: 80 }

export async function versionsOf({ server }: Scripted, numbers: readonly number[]) {
  const versions: VersionSuites[] = []
  for (const number of numbers) {
    const name = `version ${number}`
    const found = await probeSuites(server, number, name)
    versions.push({ name, number, groups: EVERY_GROUP, found })
  }
  return versions
}

export const briefly = (versions: readonly VersionSuites[]) =>
  versions.map(({ found: { items, end } }) => [items, end])
