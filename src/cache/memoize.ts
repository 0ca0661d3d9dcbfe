/** Computes once for each object. */

/** A function that keeps each result as long as its argument lives. */
export function memoize<Key extends object, Value>(
  compute: (key: Key) => Value,
): (key: Key) => Value {
  const results = new WeakMap<Key, { readonly value: Value }>()
  return (key) => {
    const known = results.get(key) ?? { value: compute(key) }
    results.set(key, known)
    return known.value
  }
}

/** The same for an object together with a second value, such as a release. */
export function memoizePairs<Key extends object, Second, Value extends object>(
  compute: (key: Key, second: Second) => Value,
): (key: Key, second: Second) => Value {
  const resultsOf = memoize((_key: Key) => new Map<Second, Value>())
  return (key, second) => {
    const results = resultsOf(key)
    const known = results.get(second) ?? compute(key, second)
    results.set(second, known)
    return known
  }
}
