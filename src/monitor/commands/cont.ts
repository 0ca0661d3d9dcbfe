/** `cont`: orchestrators end a migration with it. No guest runs here, so nothing changes. */
import { defineCommand } from './define-command.ts'

export const CONT = defineCommand({ name: 'cont', run: () => undefined })
