/**
 * The messages of a preflight: four bytes `CPPF`, a length of 32 bits, and so many bytes of JSON. The
 * protocol is this program's own; no other program speaks it.
 */
import type { ArgumentCheck } from '../../arguments/single-values.ts'
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'
import type { ByteChannel } from '../../net/byte-channel.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'

const MAGIC = Buffer.from('CPPF')

/** Of a length, in bytes. */
const LENGTH_SIZE = 4

/** Of a message, in bytes: some hundred algorithms, each with the line that decided on it. */
const MESSAGE_LIMIT = 128 * 1024

/**
 * Reads a message of a certain shape.
 *
 * @throws ConnectionEnded
 * @throws ProtocolError where the peer sends anything else.
 */
export async function readMessage<Message>(
  channel: ByteChannel,
  check: ArgumentCheck<Message>,
): Promise<Message> {
  const header = await channel.read(MAGIC.length + LENGTH_SIZE)
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) refuse('something else than a preflight')
  const length = header.readUInt32BE(MAGIC.length)
  if (length > MESSAGE_LIMIT) refuse(`a message of ${length} bytes; ${MESSAGE_LIMIT} are allowed`)
  return parse((await channel.read(length)).toString(), check)
}

export async function writeMessage(channel: ByteChannel, message: object): Promise<void> {
  const text = Buffer.from(JSON.stringify(message))
  await channel.write(new ByteWriter().bytes(MAGIC).uint32(text.length).bytes(text).finish())
}

function parse<Message>(text: string, check: ArgumentCheck<Message>): Message {
  try {
    return check(JSON.parse(text), 'the message')
  } catch (error) {
    if (error instanceof SyntaxError) return refuse('a message that is no JSON')
    if (error instanceof DiagnosticError) return refuse(`a message in which ${error.message}`)
    throw error
  }
}
