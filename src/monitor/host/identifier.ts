/** Names that QEMU takes for ids of objects, exports and character devices. */

/** A letter, then letters, digits, `-`, `.` and `_`. */
export function isIdentifier(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9._-]*$/.test(name)
}
