/** The guest's memory, put together from all that a migration sent of it. */
import { inflateSync } from 'node:zlib'
import { fail } from '../../diagnostics/diagnostic.ts'
import { MIGRATION_KINDS } from '../migration-diagnostics.ts'
import type {
  MultifdEvent,
  MultifdPacket,
  PageEvent,
  RamBlock,
  StreamEvent,
} from '../stream/events.ts'
import { applyXbzrle } from '../stream/xbzrle.ts'
import type { BlockFile } from './block-file.ts'
import { EpochBudget, PageEpochs } from './page-epochs.ts'
import { PageInflater } from './page-inflater.ts'

/** In bytes, of a machine whose stream does not say otherwise. */
const USUAL_PAGE = 4_096

type Block = { readonly file: BlockFile; readonly size: number; readonly epochs: PageEpochs }

export type MemoryOptions = {
  /** Makes the file of a block. */
  readonly open: (block: RamBlock, pageSize: number) => BlockFile
}

export class MemoryImage {
  readonly #open: MemoryOptions['open']
  readonly #blocks = new Map<string, Block>()
  /** Compressed packets that wait to be unpacked. */
  #packed: { readonly packet: MultifdPacket; readonly payload: Buffer; readonly epoch: number }[] =
    []
  #inflater: PageInflater | undefined
  #pageSize = USUAL_PAGE
  #zeroes = Buffer.alloc(USUAL_PAGE)
  readonly #budget = new EpochBudget()
  /** A file alone is read in the order in which it was sent. */
  #hasSeveralChannels = false
  #epoch = 0
  #countsFlushes: boolean | undefined

  constructor({ open }: MemoryOptions) {
    this.#open = open
  }

  /** Channels come one after the other, the main channel first. */
  beginChannel(): void {
    this.#hasSeveralChannels = true
    this.#inflater?.close()
    this.#inflater = undefined
    this.#epoch = 0
  }

  readonly handleStream = (event: StreamEvent): void => {
    if (event.type === 'page') this.#addPage(event)
    else if (event.type === 'ram-end') this.#addMark(false)
    else if (event.type === 'ram-flush') this.#addMark(true)
    else if (event.type === 'configuration') this.#setPageSize(event.configuration.pageSize)
    else if (event.type === 'ram-setup') for (const block of event.blocks) this.#blockOf(block)
    else if (event.type === 'command' && event.command === 'POSTCOPY_RUN') {
      fail(MIGRATION_KINDS.notPreCopy, { offset: event.offset })
    }
  }

  readonly handleMultifd = (event: MultifdEvent): void => {
    if (event.type === 'packet') this.#addPacket(event.packet)
    else if (event.type === 'payload') this.#addPayload(event.packet, event.data)
  }

  /** Unpacks what waits for that. */
  async unpack(): Promise<void> {
    const packed = this.#packed
    this.#packed = []
    for (const { packet, payload, epoch } of packed) {
      const { compression, normal, offset } = packet
      if (compression !== 'zlib' && compression !== 'zstd') {
        fail(MIGRATION_KINDS.unknownCompression, { offset, compression })
      }
      this.#inflater ??= new PageInflater(compression)
      const pages = await this.#inflater.inflate(payload, normal * this.#pageSize)
      if (!pages)
        return fail(MIGRATION_KINDS.pageDamaged, { offset, kind: compression, block: packet.block })
      this.#writePages(packet, pages, epoch)
    }
  }

  /** Writes what is left, and waits until it is on disk. */
  finish(): void {
    for (const { file } of this.#blocks.values()) file.finish()
    this.#blocks.clear()
    this.#inflater?.close()
  }

  /** Gives up. */
  close(): void {
    for (const { file } of this.#blocks.values()) file.close()
    this.#blocks.clear()
    this.#inflater?.close()
  }

  #setPageSize(pageSize: number | undefined): void {
    this.#pageSize = pageSize ?? this.#pageSize
    this.#zeroes = Buffer.alloc(this.#pageSize)
  }

  /** The channels wait for each other at flushes, or, where there are none, at the ends of sections. */
  #addMark(isFlush: boolean): void {
    this.#countsFlushes ??= isFlush
    if (isFlush === this.#countsFlushes) this.#epoch++
  }

  #addPage({ kind, block, offset, data }: PageEvent): void {
    const { file, epochs } = this.#blockOf(block)
    if (this.#hasSeveralChannels) epochs.advance(offset / this.#pageSize, this.#epoch)
    if (kind === 'zero') file.write(offset, this.#zeroes)
    else if (kind === 'compressed') file.write(offset, this.#inflate(block, offset, data))
    else if (kind === 'xbzrle') file.write(offset, this.#change(file, block, offset, data))
    else file.write(offset, data)
  }

  #inflate({ name }: RamBlock, offset: number, data: Buffer): Buffer {
    try {
      const page = inflateSync(data, { maxOutputLength: this.#pageSize })
      if (page.length === this.#pageSize) return page
    } catch {
      // Told below.
    }
    return fail(MIGRATION_KINDS.pageDamaged, { offset, kind: 'zlib', block: name })
  }

  #change(file: BlockFile, { name }: RamBlock, offset: number, data: Buffer): Buffer {
    const page = file.read(offset)
    if (applyXbzrle(data, page)) return page
    return fail(MIGRATION_KINDS.pageDamaged, { offset, kind: 'xbzrle', block: name })
  }

  #blockOf(block: RamBlock): Block {
    const known = this.#blocks.get(block.name)
    if (known) return known
    const made = {
      file: this.#open(block, this.#pageSize),
      size: block.size,
      epochs: new PageEpochs(this.#budget),
    }
    this.#blocks.set(block.name, made)
    return made
  }

  #addPacket(packet: MultifdPacket): void {
    for (const offset of packet.offsets.slice(packet.normal)) {
      this.#writePage(packet, offset, this.#zeroes, this.#epoch)
    }
    if (packet.normal === 0 && packet.isSync) this.#epoch++
  }

  #addPayload(packet: MultifdPacket, data: Buffer): void {
    if (packet.compression === 'none') this.#writePages(packet, data, this.#epoch)
    else this.#packed.push({ packet, payload: Buffer.from(data), epoch: this.#epoch })
    if (packet.isSync) this.#epoch++
  }

  #writePages(packet: MultifdPacket, pages: Buffer, epoch: number): void {
    packet.offsets.slice(0, packet.normal).forEach((offset, at) => {
      const start = at * this.#pageSize
      this.#writePage(packet, offset, pages.subarray(start, start + this.#pageSize), epoch)
    })
  }

  #writePage(
    { block, offset: at }: MultifdPacket,
    offset: number,
    page: Buffer,
    epoch: number,
  ): void {
    const known = this.#blocks.get(block)
    if (!known || offset >= known.size) {
      fail(MIGRATION_KINDS.strayPage, { offset: at, block, place: offset })
    }
    if (known.epochs.advance(offset / this.#pageSize, epoch)) known.file.write(offset, page)
  }
}
