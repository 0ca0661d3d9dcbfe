/** Which family of addresses is used, in QEMU's words `ipv4=` and `ipv6=`. */

/**
 * One family that is on, or that the other leaves, is the only one.
 *
 * @returns undefined for both; 'none' where both are turned off.
 */
export function chosenFamily(
  ipv4: boolean | undefined,
  ipv6: boolean | undefined,
): 4 | 6 | 'none' | undefined {
  if (ipv4 === false && ipv6 === false) return 'none'
  if (ipv4 === ipv6) return undefined
  return ipv4 === true || ipv6 === false ? 4 : 6
}
