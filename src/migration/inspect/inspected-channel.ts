/** Reads one channel from its first byte to its last. */
import { createHash } from 'node:crypto'
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'
import { readChannelParts } from './channel-file.ts'
import { ChannelInspection, type ChannelOptions, type Inspection } from './channel-inspection.ts'

export type CheckedChannel = {
  readonly file: string
  readonly bytes: number
  readonly inspection: Inspection
}

export type InspectedChannel = CheckedChannel & {
  /** Of the bytes, unpacked where the file is compressed. */
  readonly sha256: string
}

/** A channel with an error, and what was found before it. */
export class ChannelFailure extends DiagnosticError {
  readonly inspection: Inspection | undefined
  readonly bytes: number

  constructor(file: string, cause: DiagnosticError, channel: ChannelInspection) {
    super(
      cause.diagnostics.map((diagnostic) => ({
        ...diagnostic,
        message: diagnostic.message.startsWith(file)
          ? diagnostic.message
          : `${file}: ${diagnostic.message}`,
        ...(diagnostic.data ? { data: { file, ...diagnostic.data } } : {}),
      })),
    )
    this.name = 'ChannelFailure'
    this.inspection = channel.inspection
    this.bytes = channel.bytes
  }
}

/**
 * @param file A path, or `-` for standard input.
 * @throws ChannelFailure where the bytes are wrong or cut, DiagnosticError where the file cannot be read.
 */
export async function inspectChannel(
  file: string,
  options: ChannelOptions = {},
  onPart: (bytes: number, channel: ChannelInspection) => Promise<void> | void = () => {},
): Promise<InspectedChannel> {
  const channel = new ChannelInspection(options)
  const hash = createHash('sha256')
  try {
    for await (const part of readChannelParts(file, options.signal)) {
      options.signal?.throwIfAborted()
      hash.update(part)
      channel.push(part)
      await onPart(channel.bytes, channel)
    }
    channel.finish()
  } catch (error) {
    if (isAboutChannel(error)) throw new ChannelFailure(file, error, channel)
    throw error
  }
  const { bytes, inspection } = channel
  if (!inspection) throw new Error('a channel without any kind was taken')
  return { file, bytes, sha256: hash.digest('hex'), inspection }
}

/** Other errors, such as those of what the channel is written to, tell their own place. */
function isAboutChannel(error: unknown): error is DiagnosticError {
  return error instanceof DiagnosticError && error.diagnostics[0]?.fault === 'input'
}
