import type { ExportedItem, FuncSource, Plan } from './plan';
import type { GuestResource, ResourceBinding } from './resources';
import { camelCase, parseFuncName, pascalCase } from './types';

type Func = (...args: unknown[]) => unknown;

/** Functions by camelCase name, classes of resources by PascalCase name. */
export type ExportedInterface = Readonly<Record<string, Func>>;
export type ComponentExports = Readonly<Record<string, Func | ExportedInterface>>;

/** The JavaScript side of what a component exports. */
export function guestExports(
  plan: Plan,
  resources: readonly ResourceBinding[],
  bind: (func: FuncSource) => Func,
): ComponentExports {
  const exports = Object.create(null) as Record<string, Func | ExportedInterface>;
  const world = namespace(plan.exports, resources, bind);
  for (const [name, item] of plan.exports) {
    if (item.kind === 'instance') exports[name] = namespace(item.items, resources, bind);
  }
  return Object.assign(exports, world);
}

function namespace(
  items: ReadonlyMap<string, ExportedItem>,
  resources: readonly ResourceBinding[],
  bind: (func: FuncSource) => Func,
): ExportedInterface {
  const result = Object.create(null) as Record<string, Func>;
  const guests = new Map<string, GuestResource>();
  for (const [name, item] of items) {
    if (item.kind !== 'resource' || item.resource.owner < 0) continue;
    const guest = resources[item.resource.id] as GuestResource;
    guests.set(name, guest);
    result[pascalCase(name)] = guest.guestClass as unknown as Func;
  }
  for (const [name, item] of items) {
    if (item.kind !== 'func') continue;
    const { kind, resource, name: member } = parseFuncName(name);
    const guest = guests.get(resource ?? '');
    const func = bind(item.func);
    if (kind === 'free') result[camelCase(name)] = func;
    else if (guest !== undefined) put(guest, kind, camelCase(member), func);
  }
  return result;
}

function put(
  guest: GuestResource,
  kind: 'constructor' | 'method' | 'static',
  name: string,
  func: Func,
): void {
  if (kind === 'constructor') {
    guest.construct = func;
    return;
  }
  const holder: object = kind === 'method' ? (guest.guestClass.prototype as object) : guest.guestClass;
  const value =
    kind === 'static'
      ? func
      : function (this: unknown, ...args: unknown[]): unknown {
          return func(this, ...args);
        };
  Object.defineProperty(holder, name, { value, configurable: true, writable: true });
}
