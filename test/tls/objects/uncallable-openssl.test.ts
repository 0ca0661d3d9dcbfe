/** Credentials in a Node.js whose OpenSSL cannot be called, since it loads no machine code: what they warn of. */
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { credentialFolder } from './folder.ts'

/** The codes of the warnings about each of some objects. */
async function warningsOf(definitions: readonly string[], execArgv: readonly string[]) {
  const moduleOf = (name: string) =>
    JSON.stringify(new URL(`../../../src/tls/objects/${name}`, import.meta.url))
  const script = `
    import { parentPort } from 'node:worker_threads'
    import { parseObject } from ${moduleOf('parse-object.ts')}
    import { TlsObjects } from ${moduleOf('tls-objects.ts')}
    parentPort.postMessage(${JSON.stringify(definitions)}.map((definition) =>
      TlsObjects.create([parseObject(definition)]).warnings.map(({ code }) => code)))`
  const url = new URL(`data:text/javascript,${encodeURIComponent(script)}`)
  const worker = new Worker(url, { execArgv: [...execArgv] })
  const [codes] = await once(worker, 'message')
  await worker.terminate()
  return codes
}

test('only a server that verifies clients is expensive, only servers of TLS 1.3 send tickets', async () => {
  const folder = credentialFolder()
  for (const role of ['server', 'client']) chmodSync(join(folder, `${role}-key.pem`), 0o600)
  const x509 = `tls-creds-x509,id=a,dir=${folder}`
  const older = 'priority=NORMAL:-VERS-TLS1.3'
  const definitions = [
    `${x509},endpoint=server`,
    `${x509},endpoint=server,${older}`,
    `${x509},endpoint=server,verify-peer=off`,
    `${x509},endpoint=client`,
  ]
  const [costly, tickets] = ['OBJECT_COSTLY_VERIFICATION', 'TLS_SESSION_TICKETS']
  expect(await warningsOf(definitions, ['--no-addons'])).toEqual([
    [costly, tickets],
    [costly],
    [tickets],
    [],
  ])
  expect(await warningsOf(definitions, [])).toEqual([[], [], [], []])
})
