/** OpenSSL's FIPS module: its section of fipsmodule.cnf (fips_config(5)). */
import { defineBackend } from './backend.ts'

export const opensslFips = defineBackend({
  name: 'openssl_fips',
  title: 'OpenSSL FIPS module',
  purposes: ['openssl'],
  print: ({ openssl: { choices } }) =>
    [
      '',
      '[fips_sect]',
      // The module enforces the extended master secret (RFC 7627) unless told not to.
      `tls1-prf-ems-check = ${choices.__ems === 'RELAX' ? 0 : 1}`,
      'activate = 1',
      '',
    ].join('\n'),
})
