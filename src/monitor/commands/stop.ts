/** `stop`: no guest runs here, so it is stopped already. */
import { defineCommand } from './define-command.ts'

export const STOP = defineCommand({ name: 'stop', run: () => undefined })
