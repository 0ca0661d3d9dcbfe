/** Everything that can be offered: far more numbers than any library has, known or not. */

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

/** Without the signals 0x00ff and 0x5600, which are no suites. */
export const EVERY_SUITE: readonly number[] = [
  ...range(0x0001, 0x00fe),
  ...range(0x1301, 0x1310),
  ...range(0xc001, 0xc107),
  ...range(0xcc13, 0xcc15),
  ...range(0xcca8, 0xccae),
  ...range(0xd001, 0xd005),
  ...range(0xfefe, 0xfeff),
]

export const EVERY_GROUP: readonly number[] = [
  ...range(1, 41),
  ...range(256, 260),
  ...range(0x0200, 0x0202),
  ...range(0x11eb, 0x11ee),
  0x6399,
  0x639a,
  ...range(0xff01, 0xff02),
]

export const EVERY_SCHEME: readonly number[] = [
  ...range(1, 6).flatMap((hash) => range(1, 3).map((key) => (hash << 8) | key)),
  ...range(0x0704, 0x0710),
  ...range(0x0804, 0x080b),
  ...range(0x081a, 0x081c),
  ...range(0x0840, 0x0842),
  ...range(0x0904, 0x0906),
  ...range(0xeded, 0xeeef).filter((number) => number === 0xeded || number === 0xeeee),
]
