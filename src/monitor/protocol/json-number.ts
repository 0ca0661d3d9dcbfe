/** Where a number of JSON ends, a character at a time. */

/** What came last. */
export type NumberState =
  | 'minus'
  | 'zero'
  | 'digits'
  | 'point'
  | 'fraction'
  | 'exponent'
  | 'sign'
  | 'power'

type Kind = 'digit' | 'point' | 'exponent' | 'sign'

/** What may follow; where nothing fits, the number ends, if it may end there. */
const FOLLOWING: Readonly<
  Record<NumberState, { readonly [K in Kind]?: NumberState } & { readonly mayEnd: boolean }>
> = {
  minus: { digit: 'digits', mayEnd: false },
  zero: { point: 'point', exponent: 'exponent', mayEnd: true },
  digits: { digit: 'digits', point: 'point', exponent: 'exponent', mayEnd: true },
  point: { digit: 'fraction', mayEnd: false },
  fraction: { digit: 'fraction', exponent: 'exponent', mayEnd: true },
  exponent: { digit: 'power', sign: 'sign', mayEnd: false },
  sign: { digit: 'power', mayEnd: false },
  power: { digit: 'power', mayEnd: true },
}

export function firstNumberState(character: string): NumberState {
  if (character === '-') return 'minus'
  return character === '0' ? 'zero' : 'digits'
}

export function nextNumberState(
  state: NumberState,
  character: string,
): NumberState | 'end' | 'error' {
  if (state === 'minus' && character === '0') return 'zero'
  const kind = kindOf(character)
  const { mayEnd, ...following } = FOLLOWING[state]
  const next = kind && following[kind]
  if (next) return next
  // A zero in front means octal to some and nothing to others.
  if (!mayEnd || (state === 'zero' && kind === 'digit')) return 'error'
  return 'end'
}

function kindOf(character: string): Kind | undefined {
  if (character >= '0' && character <= '9') return 'digit'
  if (character === '.') return 'point'
  if (character === 'e' || character === 'E') return 'exponent'
  return character === '+' || character === '-' ? 'sign' : undefined
}
