/** Whether an endpoint speaks TLS, and whether it insists. */

export const TLS_MODES = ['off', 'optional', 'required'] as const

export type TlsMode = (typeof TLS_MODES)[number]
