/** Checks of what programs hand to credentials for one handshake. */
import { objectOf, optionalChecked, optionsOf } from '../../arguments/objects.ts'
import { requireFunction, requireString, requireWait } from '../../arguments/single-values.ts'
import type { Authorization } from '../authorization/authorization.ts'
import type { AcceptSessionOptions, ConnectSessionOptions } from './session-options.ts'

export const requireAuthorization = objectOf<Authorization>({
  id: requireString,
  decide: requireFunction,
})

export const checkAcceptOptions = optionsOf<AcceptSessionOptions>({
  authorization: optionalChecked(requireAuthorization),
  timeout: optionalChecked(requireWait),
})

export const checkConnectOptions = optionsOf<ConnectSessionOptions>({
  hostname: optionalChecked(requireString),
  timeout: optionalChecked(requireWait),
})
