/** Certificates made by certtool, in the folder layout of QEMU. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runFile, scratchFolder } from '../cli/command.ts'

function certtool(folder: string, args: readonly string[]): void {
  const { status, stderr } = runFile('certtool', args, { cwd: folder })
  if (status !== 0) throw new Error(stderr)
}

/** A folder with ca-cert.pem, server-cert.pem and server-key.pem (RSA, for localhost). */
export function makeCredentials(): string {
  const folder = scratchFolder()
  const templates = {
    ca: 'cn = Test CA\nca\ncert_signing_key\nexpiration_days = 30\n',
    server:
      'cn = localhost\ndns_name = localhost\ntls_www_server\nsigning_key\nencryption_key\nexpiration_days = 30\n',
  }
  for (const [name, text] of Object.entries(templates)) {
    writeFileSync(join(folder, `${name}.tmpl`), text)
    certtool(folder, ['--generate-privkey', '--bits=3072', `--outfile=${name}-key.pem`])
  }
  const ca = ['--load-privkey=ca-key.pem', '--template=ca.tmpl', '--outfile=ca-cert.pem']
  certtool(folder, ['--generate-self-signed', ...ca])
  certtool(folder, [
    '--generate-certificate',
    ...['--load-privkey=server-key.pem', '--template=server.tmpl', '--outfile=server-cert.pem'],
    ...['--load-ca-certificate=ca-cert.pem', '--load-ca-privkey=ca-key.pem'],
  ])
  return folder
}
