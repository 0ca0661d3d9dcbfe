/** Flags of the human monitor, in the words of QEMU. */

const FLAGS: Readonly<Record<string, boolean>> = {
  ...{ on: true, yes: true, true: true, y: true },
  ...{ off: false, no: false, false: false, n: false },
}

/** @returns undefined where it is none. */
export function readFlag(text: string): boolean | undefined {
  return Object.hasOwn(FLAGS, text) ? FLAGS[text] : undefined
}
