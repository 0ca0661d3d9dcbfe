/** A Node.js that no longer tells a server who asked for an OCSP status: what demands one is refused then. */
import { expect, test, vi } from 'vitest'
import { StatusRequestWatch } from '../../src/tls/status-request.ts'
import { writeFiles } from '../cli/command.ts'
import { element, sequence } from './certificates.ts'
import { credentialFiles, credentialFolder, endpoint } from './objects/folder.ts'
import { meet, objectsOf, verdictOf } from './objects/meeting.ts'

// What node:tls would do with a field that it does not know.
vi.spyOn(StatusRequestWatch.prototype, 'options', 'get').mockReturnValue({})

/** How a server judges a client that asks for no status. */
async function judge(features: readonly number[]): Promise<string> {
  const value = sequence(...features.map((number) => element(0x02, Buffer.from([number]))))
  const extensions = [['1.3.6.1.5.5.7.1.24', false, value]] as const
  const dir = credentialFolder()
  writeFiles(dir, credentialFiles({ client: [endpoint({ subject: 'own', extensions })] }))
  const objects = objectsOf(
    `tls-creds-x509,id=s,endpoint=server,dir=${dir}`,
    `tls-creds-x509,id=c,endpoint=client,dir=${dir},priority=NORMAL`,
  )
  const { server } = await meet(
    objects.credentials('s', 'server'),
    objects.credentials('c', 'client'),
  )
  return verdictOf(server)
}

test('a client is refused whose certificate demands a status that it may have asked for', async () => {
  expect(await judge([5])).toBe('TLS_CERTIFICATE_STATUS_REQUEST_UNKNOWN')
  expect(await judge([17])).toBe('pass')
})

test('a trial that fails finds that it does not', async () => {
  vi.resetModules()
  const { StatusRequestWatch: Watch } = await import('../../src/tls/status-request.ts')
  vi.spyOn(Watch.prototype, 'options', 'get').mockImplementation(() => {
    throw new Error('no such option')
  })
  const { noticesStatusRequests } = await import('../../src/tls/status-request-trial.ts')
  expect(await noticesStatusRequests()).toBe(false)
})
