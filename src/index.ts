/**
 * What programs import from `cryptopolicy`: the parts of the library, which have paths of their own too. `pki` has
 * its path alone, since it loads node-forge.
 */
export * from './library/chardev.ts'
export * from './library/convert.ts'
export * from './library/nbd.ts'
export * from './library/policy.ts'
export * from './library/priority.ts'
export * from './library/qmp.ts'
export * from './library/tls.ts'
