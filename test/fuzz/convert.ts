/**
 * Converts random priority strings for other libraries, and reads off real clients what they offer.
 *
 *     npm run fuzz:convert -- [--strings 200] [--seed N] [--target go,nss] [--root DIR --release R]
 *
 * Fails where a client offers what its string does not allow, or less than the conversion claims, and where
 * a string is refused of which one version could be said;
 * prints the seed and the strings. `--root` runs the programs of another system, by chroot.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CONVERSION_LIBRARIES, type LibraryReleases } from '../../src/priority/library-releases.ts'
import { findInstalledRelease } from '../../src/system/installed-library.ts'
import { CLIENTS, type Client } from '../interop/convert/clients.ts'
import { findNeedlessRefusals, findProblems, tryConversion } from '../interop/convert/judge.ts'
import { Random } from '../priority/random-priorities.ts'
import { type UsableCase, usableCase } from '../tls/prober/try-string.ts'

const { values } = parseArgs({
  options: {
    strings: { type: 'string', default: '200' },
    seed: { type: 'string' },
    target: { type: 'string', default: 'openssl,node,java,go,nss' },
    root: { type: 'string' },
    release: { type: 'string' },
  },
})

const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)
console.log(`convert: ${values.strings} strings, seed ${seed}`)
for (const client of CLIENTS) {
  if (values.target.split(',').includes(client.target)) await tryClient(client)
}

async function tryClient(client: Client): Promise<void> {
  const { target } = client
  const library = CONVERSION_LIBRARIES[target]
  const releases: LibraryReleases = values.release
    ? { [library]: values.release }
    : findInstalledRelease(target, library)
  const random = new Random(seed)
  const cases = Array.from({ length: Number(values.strings) }, () => usableCase(random))
  const said = cases.flatMap((drawn) => {
    const conversion = tryConversion(drawn.evaluation, target, releases)
    return conversion ? [{ drawn, conversion }] : []
  })
  const refused = cases.filter((drawn) => !said.some((one) => one.drawn === drawn))
  const folder = await mkdtemp(join(values.root ?? '', tmpdir(), 'convert-'))
  const place = values.root === undefined ? { folder } : { folder, root: values.root }
  const hellos = await client.hellos(
    said.map(({ conversion }) => conversion.text),
    place,
  )
  await rm(folder, { recursive: true, force: true })
  let problems = 0
  for (const drawn of refused) {
    const sayable = findNeedlessRefusals(drawn, target, releases)
    if (sayable.length === 0) continue
    problems++
    tell(drawn, [`refused, though ${sayable.join(' or ')} can be had alone`], '')
  }
  for (const [index, { drawn, conversion }] of said.entries()) {
    const found = findProblems(hellos[index], drawn.evaluation, conversion)
    if (found.length === 0) continue
    problems++
    tell(drawn, found, conversion.text)
  }
  const counts = `${said.length} offered, ${refused.length} refused, ${problems} problems`
  console.log(`${target} ${Object.values(releases)}: ${counts}`)
  if (problems > 0) process.exitCode = 1
}

function tell({ priority, config }: UsableCase, found: readonly string[], text: string): void {
  console.log(JSON.stringify({ priority, config }))
  for (const problem of found) console.log(`  ${problem}`)
  if (process.env.VERBOSE) console.log(text)
}
