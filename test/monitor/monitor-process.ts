/** A process with a monitor alone. `node monitor-process.ts PATH [GUEST]`; ends with `quit` or a signal. */
import { flushCompileCache } from 'node:module'
import { HostEndpoints } from '../../src/monitor/host/host-endpoints.ts'
import { MonitorServer } from '../../src/monitor/server/monitor-server.ts'

const [path = '', guestPath] = process.argv.slice(2)

const end = async () => {
  await server.close(5000)
  await host.close()
  process.exit()
}

const host = new HostEndpoints({
  ...(guestPath === undefined ? {} : { guestPath }),
  onQuit: () => void end(),
})
const server = new MonitorServer(host, { kind: 'unix', path })
process.once('SIGTERM', end)
await server.listen()
// The next one starts in half the time: most of them are killed, and would leave nothing.
flushCompileCache()
console.log('ready')
