/** Values of users within messages. */

/** A value as a user gave it; what cannot be seen is shown as an escape. */
export function quoted(text: string): string {
  return `\`${JSON.stringify(text.slice(0, 100)).slice(1, -1).replaceAll('\\"', '"')}\``
}
