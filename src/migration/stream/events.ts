/** What a decoder tells of a channel, in the order of the bytes. */
import type { CommandName, MultifdCompression, ReturnPathName, SectionKind } from './constants.ts'
import type { Description } from './description.ts'

/** Told before the machine starts: what the destination has to agree with. */
export type MachineConfiguration = {
  readonly machine: string
  /** Bytes; undefined where the machine's own size is meant. */
  readonly pageSize?: number
  readonly capabilities?: readonly string[]
  /** 32 digits. */
  readonly uuid?: string
  /** Names of the subsections that were sent, in their order. */
  readonly subsections: readonly string[]
}

/** Where a block lies in a mapped-ram file; offsets count from the beginning of the file. */
export type MappedBlock = {
  readonly headerAt: number
  readonly version: number
  readonly pageSize: number
  readonly bitmapOffset: number
  readonly pagesOffset: number
}

export type RamBlock = {
  readonly index: number
  readonly name: string
  /** Bytes that are in use. */
  readonly size: number
  /** The size of its pages on the source's host, where post-copy tells it. */
  readonly hostPageSize?: number
  /** Where the guest sees it; with x-ignore-shared. */
  readonly address?: number
  readonly mapped?: MappedBlock
}

export type PageKind = 'normal' | 'zero' | 'compressed' | 'xbzrle' | 'mapped'

export type Section = {
  readonly offset: number
  readonly kind: SectionKind
  readonly id: number
  readonly name: string
  /** Of START and FULL. */
  readonly instance?: number
  readonly version?: number
  /** With its header and its footer. */
  readonly length: number
  /** What lies between header and footer. */
  readonly bodyLength: number
  readonly hasFooter: boolean
}

/** A range of a block: one to be discarded, or one to be sent. */
export type BlockRange = { readonly start: number; readonly length: number }

export type MigrationCommand = {
  readonly offset: number
  readonly command: CommandName
  /** Bytes of its data. */
  readonly length: number
  /** Its data; a copy. */
  readonly data: Buffer
  /** Of PING: what PONG has to repeat. */
  readonly value?: number
  /** Of POSTCOPY_RAM_DISCARD and RECV_BITMAP. */
  readonly block?: string
  readonly ranges?: readonly BlockRange[]
  /** Of PACKAGED. */
  readonly packageLength?: number
  /** Whether it was within a package. */
  readonly isPackaged: boolean
}

export type PageEvent = {
  readonly type: 'page'
  readonly kind: PageKind
  readonly block: RamBlock
  /** Within the block. */
  readonly offset: number
  /** As sent; empty for a zero page. Valid until the handler returns. */
  readonly data: Buffer
  /** Whether the header named the block. */
  readonly isNamed: boolean
}

export type MultifdPacket = {
  readonly offset: number
  readonly flags: number
  readonly isSync: boolean
  readonly compression: MultifdCompression
  /** How many offsets the source has room for; some versions send 0 where there is no page. */
  readonly allocated: number
  readonly normal: number
  readonly zero: number
  /** As sent; it means something only where there are normal pages. */
  readonly nextSize: number
  readonly number: bigint
  readonly block: string
  /** Of the normal pages, then of the zero pages. */
  readonly offsets: readonly number[]
}

export type StreamEvent =
  | { readonly type: 'header'; readonly offset: number; readonly version: number }
  | {
      readonly type: 'configuration'
      readonly offset: number
      readonly configuration: MachineConfiguration
    }
  | {
      readonly type: 'ram-setup'
      readonly offset: number
      readonly total: number
      readonly blocks: readonly RamBlock[]
    }
  | PageEvent
  | { readonly type: 'ram-flush'; readonly offset: number }
  | { readonly type: 'ram-end'; readonly offset: number }
  | {
      readonly type: 'disk-block'
      readonly device: string
      /** In bytes; each block has 1 MiB. */
      readonly address: number
      readonly isZero: boolean
    }
  | { readonly type: 'section'; readonly section: Section; readonly isPackaged: boolean }
  | ({ readonly type: 'command' } & MigrationCommand)
  | { readonly type: 'package'; readonly offset: number; readonly length: number }
  /** The guest is whole. The description may follow. */
  | { readonly type: 'end'; readonly offset: number }
  | {
      readonly type: 'description'
      readonly offset: number
      readonly length: number
      readonly description: Description
    }
  /** The description shows where devices end: these replace those from `from` on. */
  | {
      readonly type: 'devices-corrected'
      readonly from: number
      readonly sections: readonly Section[]
    }
  | { readonly type: 'trailing'; readonly offset: number; readonly count: number }

export type MultifdEvent =
  | {
      readonly type: 'init'
      readonly version: number
      /** 32 digits. */
      readonly uuid: string
      readonly channel: number
    }
  | { readonly type: 'packet'; readonly packet: MultifdPacket }
  /** What follows the packet: its pages one after the other, or what they are compressed to. */
  | { readonly type: 'payload'; readonly packet: MultifdPacket; readonly data: Buffer }
  | {
      readonly type: 'device-state'
      readonly offset: number
      readonly name: string
      readonly instance: number
      readonly length: number
    }

export type ReturnPathMessage = {
  readonly offset: number
  readonly message: ReturnPathName
  /** Bytes of its data. */
  readonly length: number
  /** A copy. */
  readonly data: Buffer
  /** Of SHUT: 0 for success. Of PONG: what PING said. Of RESUME_ACK: 1. */
  readonly value?: number
  /** Of REQ_PAGES_ID and RECV_BITMAP. */
  readonly block?: string
  /** Of REQ_PAGES and REQ_PAGES_ID: what the destination waits for. */
  readonly range?: BlockRange
}
