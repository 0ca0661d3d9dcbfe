/** Checks of events that programs hand back, to have them printed. */
import { listOfChecked, objectOf, requireObject } from '../arguments/objects.ts'
import {
  type ArgumentCheck,
  integerWithin,
  requireBoolean,
  requireOneOf,
  requireString,
} from '../arguments/single-values.ts'
import type { ServerEvent } from '../nbd/server/server-event.ts'

type Events = { readonly [Name in ServerEvent['event']]: ArgumentCheck }

const checkDiagnostic = objectOf({ code: requireString, message: requireString })

const EVENTS: Events = {
  connected: requireObject,
  secured: objectOf({ protocol: requireString, suite: requireString, peer: requireObject }),
  refused: objectOf({ diagnostics: listOfChecked(checkDiagnostic) }),
  left: objectOf({ ending: requireString }),
  serving: objectOf({
    export: requireString,
    readOnly: requireBoolean,
    isSecured: requireBoolean,
  }),
  failed: objectOf({ diagnostic: checkDiagnostic }),
}

const NAMES = Object.keys(EVENTS) as readonly ServerEvent['event'][]

const checkOrigin = objectOf({ connection: integerWithin(0), from: requireString })

export const checkEvent: ArgumentCheck<ServerEvent> = (value, name) => {
  const { event } = requireObject(value, name)
  checkOrigin(value, name)
  EVENTS[requireOneOf(event, NAMES, `${name}.event`)](value, name)
  return value as ServerEvent
}
