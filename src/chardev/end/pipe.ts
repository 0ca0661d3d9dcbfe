/** Named pipes and devices: PATH.in and PATH.out, or one PATH for both, as QEMU has it. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { isatty, ReadStream } from 'node:tty'
import { fail } from '../../diagnostics/diagnostic.ts'
import { makeTransparent } from '../../files/terminal-settings.ts'
import { CHARDEV_KINDS } from '../chardev-diagnostics.ts'
import { Attachment } from './attachment.ts'
import type { Standing } from './standing-end.ts'

/** @throws DiagnosticError CHARDEV_CANNOT_OPEN, CHARDEV_UNUSABLE */
export function openPipe(path: string): Standing {
  const [source, sink] = openDevices(path)
  for (const { stream } of [source, sink]) stream.on('error', () => {})
  return {
    place: path,
    attach: () => new Attachment({ source: source.stream, sink: sink.stream }),
    close: () => {
      source.close()
      sink.close()
    },
  }
}

type Device = { readonly stream: Duplex; readonly close: () => void }

/** What is read from, and what is written to. */
function openDevices(path: string): readonly [Device, Device] {
  const input = tryOpen(`${path}.in`)
  const output = tryOpen(`${path}.out`)
  if (typeof input === 'number' && typeof output === 'number') return openPair(input, output, path)
  for (const half of [input, output]) if (typeof half === 'number') closeSync(half)
  const both = tryOpen(path)
  if (typeof both !== 'number') return fail(CHARDEV_KINDS.cannotOpen, { path, error: both })
  const device = openDevice(both, path)
  return [device, device]
}

/** Where one of them cannot be used, the other one is closed again. */
function openPair(input: number, output: number, path: string): readonly [Device, Device] {
  let source: Device | undefined
  try {
    source = openDevice(input, path)
    return [source, openDevice(output, path, false)]
  } catch (error) {
    if (source) source.close()
    else closeSync(output)
    throw error
  }
}

/** For both, so that it does not wait for another program, and does not end with one. */
function tryOpen(path: string): unknown {
  try {
    return openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
  } catch (error) {
    return error
  }
}

/** @param isRead What is only written must not be read: it would take its own bytes. */
function openDevice(descriptor: number, path: string, isRead = true): Device {
  if (isatty(descriptor)) return openTerminal(descriptor, path)
  if (fstatSync(descriptor).isFIFO()) {
    const stream = new Socket({ fd: descriptor, readable: isRead, writable: true })
    return { stream, close: () => void stream.destroy() }
  }
  closeSync(descriptor)
  const reason = 'it is no named pipe and no terminal'
  return fail(CHARDEV_KINDS.unusable, { what: path, reason })
}

/** It has its settings back when it is closed: Node.js does so for one terminal of a process alone. */
function openTerminal(descriptor: number, path: string): Device {
  const giveBack = makeTransparent(descriptor)
  if (!giveBack) {
    closeSync(descriptor)
    const reason = 'the C library cannot be called: koffi is not installed'
    return fail(CHARDEV_KINDS.unusable, { what: path, reason })
  }
  const stream = new ReadStream(descriptor)
  // Node.js opens it once more where it can, and then closes only that one.
  const isOpenedTwice = (stream as Opened)._handle?.fd !== descriptor
  let isOpen = true
  const close = (): void => {
    if (!isOpen) return
    isOpen = false
    if (isOpenedTwice || !stream.destroyed) giveBack()
    stream.destroy()
    if (isOpenedTwice) closeSync(descriptor)
  }
  return { stream, close }
}

type Opened = ReadStream & { readonly _handle?: { readonly fd: number } }
