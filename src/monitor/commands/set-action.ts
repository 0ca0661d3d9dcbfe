/** `set-action`: what is done when a guest panics, and the like. No guest runs here, so it changes nothing. */
import { enumOf, optional, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const SET_ACTION = defineCommand({
  name: 'set-action',
  arguments: struct('SetAction', {
    reboot: optional(enumOf('RebootAction', ['reset', 'shutdown'])),
    shutdown: optional(enumOf('ShutdownAction', ['poweroff', 'pause'])),
    panic: optional(enumOf('PanicAction', ['pause', 'shutdown', 'exit-failure', 'none'])),
    watchdog: optional(
      enumOf('WatchdogAction', [
        ...['reset', 'shutdown', 'poweroff', 'pause', 'debug', 'none', 'inject-nmi'],
      ]),
    ),
  }),
  run: () => undefined,
})
