/** `quit`: ends the process in order. */
import { defineCommand } from './define-command.ts'

export const QUIT = defineCommand({
  name: 'quit',
  run: (host) => {
    host.quit()
  },
})
