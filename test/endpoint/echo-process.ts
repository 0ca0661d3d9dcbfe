/** The echo endpoint as a process: the folder of its certificates and its rules are its arguments. */
import { parseObject } from '../../src/tls/objects/parse-object.ts'
import { TlsObjects } from '../../src/tls/objects/tls-objects.ts'
import { runEcho } from './echo-endpoint.ts'

const [dir, rules] = process.argv.slice(2)
const objects = TlsObjects.create([
  parseObject(`tls-creds-x509,id=tls0,endpoint=server,dir=${dir},verify-peer=on`),
  parseObject(`authz-list-file,id=clients,filename=${rules},refresh=on`),
])
await runEcho(objects, (line) => console.log(line))
