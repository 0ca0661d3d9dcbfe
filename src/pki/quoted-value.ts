/** Values of users within messages. */

/** In characters. What follows is not shown. */
const SHOWN = 100

/** A value as a user gave it; what cannot be seen is shown as an escape. */
export function quoted(text: string): string {
  return `\`${JSON.stringify(text.slice(0, SHOWN)).slice(1, -1).replaceAll('\\"', '"')}\``
}
