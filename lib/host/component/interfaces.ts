import type { WitFunction, WitInterface } from '../../lattice/wrpc/types';
import type { ExportedItem, Plan } from './plan';
import { parseFuncName, type FuncType, type ValType } from './types';
import { witFunction } from './wit-shape';

/** A function that cannot be called from elsewhere, as wRPC cannot carry its types. */
export interface Uncarried {
  /** `acme:shop/cart@1.0.0#checkout`. */
  readonly function: string;
  /** Which type, and where. */
  readonly why: string;
}

/** Interfaces that are called over the lattice. */
export interface Carried {
  readonly interfaces: readonly WitInterface[];
  readonly uncarried: readonly Uncarried[];
}

/** Interfaces of the host's own: no links lead to them, or ones that the host translates. */
const ownInterface =
  /^(wasi:|wasmcloud:(bus|secrets)\/|wasmcloud:messaging\/(types|producer|request-reply|incoming-handler)@0\.3\.)/;

/** Whether an import is what links must provide. Functions of the world itself have no interface that a link could name. */
export function isLinked(importName: string): boolean {
  return importName.includes('/') && !ownInterface.test(importName);
}

/** What a component imports that its links must provide. */
export function carriedImports({ imports }: Plan): Carried {
  const named = [...imports].filter(([name]) => isLinked(name));
  return carried(named.map(([name, { funcs }]) => [name, [...funcs]]));
}

/** What a component exports to whoever calls it. Functions of the world itself are an interface without a name. */
export function carriedExports({ exports }: Plan): Carried {
  const instances = [...exports].flatMap(([name, item]): Functions[] =>
    item.kind === 'instance' && !ownInterface.test(name) ? [[name, functionsOf(item.items)]] : [],
  );
  const world = functionsOf(exports);
  // What belongs to a resource of a component is found by its class only, which means nothing outside of the thread.
  return carried(world.length > 0 ? [...instances, ['', world]] : instances, (func) => {
    const { kind, resource } = parseFuncName(func);
    return kind === 'free' ? undefined : `it belongs to the resource ${resource}`;
  });
}

type Functions = readonly [interfaceName: string, functions: readonly (readonly [string, FuncType])[]];

function functionsOf(items: ReadonlyMap<string, ExportedItem>): (readonly [string, FuncType])[] {
  return [...items].flatMap(([name, item]) => (item.kind === 'func' ? [[name, item.type] as const] : []));
}

function carried(
  all: readonly Functions[],
  memberOf: (func: string) => string | undefined = () => undefined,
): Carried {
  const interfaces: WitInterface[] = [];
  const uncarried: Uncarried[] = [];
  for (const [id, functions] of all) {
    const described: Record<string, WitFunction> = {};
    for (const [name, type] of functions) {
      const why = memberOf(name) ?? obstacle(type);
      if (why === undefined) described[name] = witFunction(type);
      else uncarried.push({ function: id === '' ? name : `${id}#${name}`, why });
    }
    if (Object.keys(described).length > 0) interfaces.push({ id, functions: described });
  }
  return { interfaces, uncarried };
}

function obstacle({ params, result }: FuncType): string | undefined {
  for (const param of params) {
    const handle = handleIn(param.type);
    if (handle !== undefined) return `its parameter ${param.name} has a handle ${handle}`;
  }
  const handle = result && handleIn(result);
  return handle && `its result has a handle ${handle}`;
}

const handles = new WeakMap<ValType, string>();
const handleFree = new WeakSet<ValType>();

/**
 * The first handle in a type to a resource of the component or of this host. Each type is looked at once, as one may be part of very many
 * others.
 */
function handleIn(type: ValType): string | undefined {
  if (handleFree.has(type)) return undefined;
  const known = handles.get(type);
  if (known !== undefined) return known;
  const found =
    type.kind === 'own' || type.kind === 'borrow'
      ? type.resource.imported?.remote
        ? undefined
        : `${type.kind}<${type.resource.name}>`
      : partsOf(type)
          .map(handleIn)
          .find((handle) => handle !== undefined);
  if (found === undefined) handleFree.add(type);
  else handles.set(type, found);
  return found;
}

function partsOf(type: ValType): readonly ValType[] {
  switch (type.kind) {
    case 'list':
    case 'option':
      return [type.element];
    case 'record':
      return type.fields.map((field) => field.type);
    case 'tuple':
      return type.elements;
    case 'variant':
      return type.cases.flatMap((each) => each.type ?? []);
    case 'result':
      return [type.ok, type.err].flatMap((side) => side ?? []);
    default:
      return [];
  }
}
