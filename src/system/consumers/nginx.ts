/** nginx: the text of an application within a server that takes TLS. */
import type { Consumer, Finding, Workbench } from './consumer.ts'
import { findStops } from './included-text.ts'

/** The user who runs the check may have no right to write to the folders that are built in. */
const FOLDERS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

async function check(workbench: Workbench, config: string): Promise<readonly Finding[]> {
  const folder = workbench.scratch('')
  return findStops(
    config,
    async (text) => {
      const scratch = workbench.write('nginx.conf', configuration(folder, text, workbench))
      const { status, output } = await workbench.run(['-t', '-q', '-c', scratch, '-p', folder])
      return status === 0 ? undefined : output
    },
    /\[emerg\][^:]*: (?<words>.*?)(?: in [^ ]*-snippet:(?<line>\d+))?$/m,
  )
}

/**
 * A certificate that is named by a variable is read at a handshake, so that none has to be there. nginx
 * opens what it listens on even for a test, and not every user may open the port of HTTPS.
 */
function configuration(folder: string, text: string, workbench: Workbench): string {
  return `pid ${folder}/pid;
error_log stderr;
events {}
http {
access_log off;
${FOLDERS.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')}
map $host $none { default data:; }
server {
listen unix:${folder}/socket ssl;
ssl_certificate $none;
ssl_certificate_key $none;
include ${workbench.write('snippet', text)};
}
}
`
}

export const NGINX: Consumer = {
  backend: 'applications/nginx',
  program: 'nginx',
  failure: 'would not start',
  versionArguments: ['-v'],
  check,
}
