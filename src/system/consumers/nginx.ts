/** nginx: the texts of applications, each within a server that takes TLS. */
import type { Workbench } from './consumer.ts'
import { includingServer } from './included-text.ts'

/** The user who runs the check may have no right to write to the folders that are built in. */
const FOLDERS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

function argumentsFor(workbench: Workbench, files: readonly string[]): readonly string[] {
  const folder = workbench.scratch('')
  const servers = files.map((file) => server(folder, file))
  const scratch = workbench.write('nginx.conf', configuration(folder, servers))
  return ['-t', '-q', '-c', scratch, '-p', folder]
}

function configuration(folder: string, servers: readonly string[]): string {
  return `pid ${folder}/pid;
error_log stderr;
events {}
http {
access_log off;
${FOLDERS.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')}
map $host $none { default data:; }
${servers.join('\n')}
}
`
}

/**
 * A certificate that is named by a variable is read at a handshake, so that none has to be there. nginx
 * opens what it listens on even for a test, and not every user may open the port of HTTPS.
 */
function server(folder: string, included: string): string {
  return `server {
listen unix:${folder}/socket ssl;
ssl_certificate $none;
ssl_certificate_key $none;
include ${included};
}`
}

export const NGINX = includingServer({
  backend: 'applications/nginx',
  program: 'nginx',
  failure: 'would not start',
  versionArguments: ['-v'],
  argumentsFor,
  pattern: /\[emerg\][^:]*: (?<words>.*?)(?: in [^ ]*-snippet:(?<line>\d+))?$/m,
})
