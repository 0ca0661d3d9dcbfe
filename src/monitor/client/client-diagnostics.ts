/** Every error of clients of monitors, in one place. */
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'
import { didYouMean } from '../../diagnostics/suggestion.ts'

type Kind<Data> = DiagnosticKind<Data>

const refused: Kind<{
  command: string
  errorClass: string
  description: string
  known?: readonly string[]
}> = {
  code: 'QMP_REFUSED',
  severity: 'error',
  fault: 'answer',
  summary: 'A monitor refused a command. What it says is shown.',
  message: ({ command, description }) => `${command}: ${description}`,
  hint: ({ command, errorClass, known = [] }) =>
    errorClass === 'CommandNotFound'
      ? (didYouMean(command, known) ?? 'query-commands lists the commands that it has')
      : undefined,
}

const closed: Kind<{ monitor: string }> = {
  code: 'QMP_CLOSED',
  severity: 'error',
  fault: 'unavailable',
  summary: 'A monitor closed the connection before it had answered.',
  message: ({ monitor }) => `${monitor} closed the connection before it had answered`,
}

const silent: Kind<{ monitor: string; seconds: number }> = {
  code: 'QMP_SILENT',
  severity: 'error',
  fault: 'unavailable',
  summary:
    'A monitor did not answer in time. A monitor of QEMU talks to one client, and others wait until that one leaves.',
  message: ({ monitor, seconds }) => `${monitor} did not answer within ${seconds} s`,
  hint: () =>
    'a monitor of QEMU talks to one client at a time: another may be connected; one with TLS needs --tls-creds',
}

const notAMonitor: Kind<{ monitor: string; reason: string }> = {
  code: 'QMP_NOT_A_MONITOR',
  severity: 'error',
  fault: 'unavailable',
  summary: 'What listens there does not speak QMP.',
  message: ({ monitor, reason }) => `${monitor} is no QMP monitor: ${reason}`,
  hint: () => 'a QEMU has one with -qmp unix:PATH,server=on,wait=off',
}

const badArgument: Kind<{ word: string; reason: string }> = {
  code: 'QMP_BAD_ARGUMENT',
  severity: 'error',
  fault: 'usage',
  summary: 'An argument of a command is neither JSON nor `key=value`, or its value cannot be read.',
  message: ({ word, reason }) => `${word}: ${reason}`,
  hint: () => `for instance: qom-set path=/objects/tls0 property=endpoint value=client`,
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const QMP_CLIENT_KINDS = defineKinds({ refused, closed, silent, notAMonitor, badArgument })
