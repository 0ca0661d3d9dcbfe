/** The two ends of a copy, whatever they are: exports, files, devices, pipes, nothing. */

/** A run of bytes that reads as zeroes, or that has to be read to know. */
export type CopyExtent = {
  readonly length: number
  readonly isZero: boolean
}

export type CopySource = {
  /** What messages call it. */
  readonly name: string
  /** In bytes. */
  readonly size: number
  /** What has to be the same for a copy to be resumed. */
  readonly identity: string
  /** Offsets and lengths are multiples of it, but for the end. */
  readonly alignment: number
  /** How many reads are best on their way at a time; it may grow. */
  readonly parallel: number
  /** What is known of the bytes from an offset on: at least one, at most `length`. */
  readonly extents: (offset: number, length: number) => Promise<readonly CopyExtent[]>
  /** Fills the target from an offset on. */
  readonly read: (offset: number, target: Buffer) => Promise<void>
  readonly close: () => Promise<void>
  /** Takes more resources beside the work; called once, when both ends are open. */
  readonly expand?: () => void
}

export type CopyDestination = {
  /** What messages call it. */
  readonly name: string
  /** What has to be the same for a copy to be resumed. */
  readonly identity: string
  readonly alignment: number
  /** How many writes are best on their way at a time; it may grow. */
  readonly parallel: number
  /** Where it can be resumed: the file that tells how far it came. */
  readonly statePath: string | undefined
  /** Whether whatever is not written reads as zeroes. */
  readonly isZero: boolean
  /** How much it takes, in bytes, where that is known: an export or a device. */
  readonly capacity?: number
  readonly write: (offset: number, data: Buffer) => Promise<void>
  readonly zero: (offset: number, length: number) => Promise<void>
  /** Fills the target from an offset on; absent where nothing can be read back. */
  readonly read?: (offset: number, target: Buffer) => Promise<void>
  /** Waits until everything written is on disk. */
  readonly flush: () => Promise<void>
  /** The copy is whole and has so many bytes: puts it in its place. */
  readonly finish: (size: number) => Promise<void>
  /** Lets go of it, whole or not. */
  readonly close: () => Promise<void>
  /** Takes more resources beside the work; called once, when both ends are open. */
  readonly expand?: () => void
}

/** What can only be read in order, such as a pipe. */
export type StreamSource = {
  readonly name: string
  /** In bytes, where it is known before the end. */
  readonly size: number | undefined
  readonly chunks: () => AsyncIterable<Buffer>
  readonly close: () => Promise<void>
}

/** What can only be written in order. */
export type StreamDestination = {
  readonly name: string
  /** Resolves when more is wanted. */
  readonly append: (data: Buffer) => Promise<void>
  readonly close: () => Promise<void>
}
