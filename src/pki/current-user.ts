/** The user who runs the program. */

/** The effective user id; that of root on systems that have no such ids. */
export function currentUser(): number {
  return process.geteuid?.() ?? 0
}
