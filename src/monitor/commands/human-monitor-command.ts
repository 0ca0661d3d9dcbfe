/** `human-monitor-command`: a line of the human monitor. What goes wrong is a part of its text, as in QEMU. */
import { describeCommands, HUMAN_COMMANDS } from '../hmp/all-human-commands.ts'
import { HumanLineError, parseHumanLine } from '../hmp/human-line.ts'
import type { HostEndpoints } from '../host/host-endpoints.ts'
import { QmpError } from '../protocol/qmp-error.ts'
import { INT, optional, STR, struct } from '../schema/qapi-types.ts'
import { type Command, defineCommand } from './define-command.ts'
import { runCommand, toQmpError } from './run-command.ts'

/** @param commands The commands of QMP, which those of the human monitor are. */
export function humanMonitorCommand(commands: () => readonly Command[]): Command {
  return defineCommand({
    name: 'human-monitor-command',
    arguments: struct('HumanMonitorCommand', {
      'command-line': STR,
      'cpu-index': optional(INT),
    }),
    returns: STR,
    run: (host, args) => runLine(host, args['command-line'], commands()),
  })
}

async function runLine(
  host: HostEndpoints,
  line: string,
  commands: readonly Command[],
): Promise<string> {
  const text = line.trim()
  if (text === '') return ''
  const [, wanted] = /^(?:help|\?)(?=\s|$)(.*)$/s.exec(text) ?? []
  if (wanted !== undefined) return describeCommands(wanted)
  if (text === 'info') return describeCommands(text)
  try {
    return await execute(host, line, commands)
  } catch (error) {
    if (error instanceof HumanLineError) return error.message
    return `Error: ${(error as QmpError).message}\r\n`
  }
}

/** @throws HumanLineError, QmpError */
async function execute(
  host: HostEndpoints,
  line: string,
  commands: readonly Command[],
): Promise<string> {
  const { command, values } = parseHumanLine(line, HUMAN_COMMANDS)
  if ('run' in command) return inQmpWords(command.name, () => command.run(host, values))
  const request = await inQmpWords(command.name, () => command.toRequest(values, host))
  const found = commands.find(({ name }) => name === request.command)
  if (!found) throw new QmpError(`The command ${request.command} has not been found`)
  const result = await runCommand(host, found, { ...request, isOutOfBand: false })
  await inQmpWords(command.name, () => command.afterwards?.(host, values))
  return command.print?.(result, values) ?? ''
}

/** @throws HumanLineError, QmpError */
async function inQmpWords<Result>(
  command: string,
  step: () => Promise<Result> | Result,
): Promise<Result> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof HumanLineError) throw error
    throw toQmpError(error, { command, arguments: {}, isOutOfBand: false })
  }
}
