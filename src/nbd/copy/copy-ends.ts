/** Copies between two ends of any kind: at random where both can do that, in order where one cannot. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { type CopyOptions, type CopyResult, copyDisk } from './copy.ts'
import { COPY_KINDS } from './copy-diagnostics.ts'
import type { OpenEnds } from './open-ends.ts'
import { copyBetweenStreams, copyFromStream, copyToStream } from './stream-copy.ts'

/**
 * Closes neither end.
 *
 * @throws DiagnosticError NBD_COPY_..., or what the ends throw.
 */
export async function copyEnds(
  source: OpenEnds['source'],
  destination: OpenEnds['destination'],
  options: CopyOptions,
): Promise<CopyResult> {
  const isInOrder = 'chunks' in source || 'append' in destination
  if (isInOrder && options.verify) {
    fail(COPY_KINDS.unverifiable, { destination: destination.name })
  }
  if ('append' in destination) {
    return 'chunks' in source
      ? copyBetweenStreams(source, destination, options)
      : copyToStream(source, destination, options)
  }
  return 'chunks' in source
    ? copyFromStream(source, destination, options)
    : copyDisk(source, destination, options)
}
