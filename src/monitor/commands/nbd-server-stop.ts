/** `nbd-server-stop` */
import { defineCommand } from './define-command.ts'

export const NBD_SERVER_STOP = defineCommand({
  name: 'nbd-server-stop',
  run: async ({ nbd }) => {
    await nbd.stop()
  },
})
