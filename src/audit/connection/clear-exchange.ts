/** What a conversation in clear needs of its exchange. */
import type { Exchange } from './exchange.ts'

export type ClearExchange = Pick<Exchange, 'read' | 'write' | 'random'>
