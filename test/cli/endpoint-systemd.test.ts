import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { testWith } from '../peers/peer.ts'
import { ROOT, runFile, scratchFolder } from './command.ts'
import { exportUri, writeEndpointFile } from './endpoint-process.ts'
import { launchService } from './service-process.ts'

/** In tenths: what systemd calls `OK` begins below 50; a service without any hardening has 96. */
const MOST_EXPOSED = 15

/** A unit file of the manual page. */
function unitOf(name: string): string {
  const page = readFileSync(join(ROOT, 'docs', 'cryptopolicy-endpoint.1.md'), 'utf8')
  const [, block = ''] =
    new RegExp(`^\`[^\`]*/${name}\`:\n\n((?: {4}.*\n|\n)+)`, 'm').exec(page) ?? []
  return block.replace(/^ {4}/gm, '')
}

testWith('systemd-analyze', 'the unit of the manual page is hardened', () => {
  const path = join(scratchFolder(), 'endpoint.service')
  writeFileSync(path, unitOf('endpoint.service'))
  const options = ['--offline=true', `--threshold=${MOST_EXPOSED}`, '--no-pager']
  const { status, stdout } = runFile('systemd-analyze', ['security', ...options, path])
  expect(stdout).toContain('Overall exposure level')
  expect(status).toBe(0)
})

testWith(
  'systemd-socket-activate',
  'sockets of the service manager are told apart by their names',
  async () => {
    const folder = makeX509Folder()
    const path = writeEndpointFile(
      folder,
      `objects:
  - {qom-type: tls-creds-x509, id: tls0, dir: DIR, endpoint: server, priority: NORMAL}
nbd: {listen: "fd:disks", tls-creds: tls0}
exports: [{id: disk0, memory: 16M}]
receivers: [{id: backup, listen: "fd:guests", file: DIR/guest}]
`,
    )
    const sockets = ['guests.sock', 'disks.sock'].map((name) => `-l ${folder}/${name}`).join(' ')
    const wrapper = `exec systemd-socket-activate ${sockets} --fdname=guests:disks "$@"`
    const service = launchService(['endpoint', 'run', path], { wrapper })
    await service.says('Listening on')
    await service.says('disks.sock')
    const uri = exportUri(folder, 'disk0', 'disks.sock')
    // The first connection starts the service, and waits for it.
    expect(runFile('nbdinfo', ['--size', uri])).toMatchObject({ status: 0, stdout: '16777216\n' })
    expect(await service.says(/^ready: /m)).toMatch(
      /nbd at descriptor 4, receiver backup at descriptor 3$/m,
    )
    expect(await service.stop()).toBe(0)
  },
)

testWith(
  'systemd-socket-activate',
  'a name that was not handed over is refused with its line',
  async () => {
    const folder = scratchFolder()
    const path = join(folder, 'host.yaml')
    writeFileSync(path, 'nbd: {listen: "fd:disks"}\n')
    const wrapper = `exec systemd-socket-activate -l ${folder}/x.sock --fdname=other "$@"`
    const service = launchService(['endpoint', 'run', path], { wrapper })
    await service.says('Listening on')
    await service.says('x.sock')
    runFile('nbdinfo', ['--size', `nbd+unix:///?socket=${folder}/x.sock`])
    expect(await service.ended).toBe(65)
    expect(service.log()).toContain(`${path}:1:15: error[OBJECT_WRONG_VALUE]`)
  },
)
