import type { WitFunction, WitType } from '../../lattice/wrpc/types';
import type { FuncType, ValType } from './types';

const shapes = new WeakMap<ValType, WitType>();

/** A function of a component as wRPC carries it: what a component imports can be called, and what it exports be served, without its WIT. */
export function witFunction({ params, result }: FuncType): WitFunction {
  return {
    params: params.map(({ name, type }) => [name, witType(type)] as const),
    result: result && witType(result),
  };
}

/** A type of a component as wRPC describes it; each is described once, as one may be part of very many others. */
export function witType(type: ValType): WitType {
  let shape = shapes.get(type);
  if (shape === undefined) shapes.set(type, (shape = describe(type)));
  return shape;
}

function describe(type: ValType): WitType {
  switch (type.kind) {
    case 'list':
    case 'option':
      return { kind: type.kind, element: witType(type.element) };
    case 'record':
      return { kind: 'record', fields: type.fields.map(({ name, type }) => ({ name, type: witType(type) })) };
    case 'tuple':
      return { kind: 'tuple', elements: type.elements.map(witType) };
    case 'variant':
      return {
        kind: 'variant',
        cases: type.cases.map(({ name, type }) => ({ name, type: type && witType(type) })),
      };
    case 'enum':
    case 'flags':
      return { kind: type.kind, names: type.labels };
    case 'result':
      return { kind: 'result', ok: type.ok && witType(type.ok), err: type.err && witType(type.err) };
    case 'own':
    case 'borrow':
      return { kind: type.kind, resource: type.resource.name };
    default:
      return { kind: type.kind };
  }
}
