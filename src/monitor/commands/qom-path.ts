/** Paths of QEMU's object model: `/objects/ID`, or the id alone. */
import type { ObjectDefinition } from '../../options/object-definition.ts'
import type { HostObjects } from '../host/host-objects.ts'
import { refuseCommand } from '../protocol/qmp-error.ts'

/** @returns the object; `root` and `objects` for the two containers. @throws QmpError */
export function resolveQomPath(
  objects: HostObjects,
  path: string,
): ObjectDefinition | 'root' | 'objects' {
  const parts = path.split('/').filter((part) => part !== '')
  const [first, second, ...rest] = parts
  if (first === undefined && path.startsWith('/')) return 'root'
  if (first === 'objects' && second === undefined) return 'objects'
  const id = first === 'objects' ? second : path.startsWith('/') ? undefined : first
  const isWhole = rest.length === 0 && (first === 'objects' || second === undefined)
  const found = id === undefined || !isWhole ? undefined : objects.find(id)
  return found ?? refuseCommand(`Device '${path}' not found`, 'DeviceNotFound')
}

/** @param property What is asked of it; a container has none. @throws QmpError */
export function requireQomObject(
  objects: HostObjects,
  path: string,
  property: string,
): ObjectDefinition {
  const found = resolveQomPath(objects, path)
  if (typeof found !== 'string') return found
  return refuseCommand(`Property 'container.${property}' not found`)
}
