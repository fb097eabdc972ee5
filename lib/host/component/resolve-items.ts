import { InvalidComponent } from './errors';
import type { AbiOptions, CoreArgument, CoreItem, ExportedItem } from './plan';
import { entitySort, type Entity, type InstanceEntity, type Scope } from './scope';
import type { CanonOptions, SortIndex } from './syntax';

export function lookup(scope: Scope, { sort, index }: SortIndex, offset: number): Entity {
  return scope.get(entitySort(sort, offset), index, offset);
}

export function coreFunc(scope: Scope, index: number, offset: number): CoreItem {
  return scope.get('core func', index, offset).item;
}

export function abiOptions(options: CanonOptions, scope: Scope, offset: number): AbiOptions {
  const func = (index: number | undefined) =>
    index === undefined ? undefined : coreFunc(scope, index, offset);
  const memory =
    options.memory === undefined ? undefined : scope.get('core memory', options.memory, offset).item;
  if (memory !== undefined && memory.from !== 'export')
    throw new InvalidComponent('memory is not an export of a core instance', offset);
  return {
    encoding: options.encoding,
    memory: memory?.export,
    realloc: func(options.realloc),
    postReturn: func(options.postReturn),
  };
}

export function coreArgument(entity: Extract<Entity, { sort: 'core instance' }>): CoreArgument {
  if (entity.instance !== undefined) return { from: 'instance', instance: entity.instance };
  const items = new Map<string, CoreItem>();
  for (const [name, item] of entity.items) if ('item' in item) items.set(name, item.item);
  return { from: 'items', items };
}

/** Interfaces have no interfaces in them, so what is deeper than that is not for the host. */
export function exportedItems(instance: InstanceEntity, depth = 0): ReadonlyMap<string, ExportedItem> {
  const items = new Map<string, ExportedItem>();
  for (const [name, entity] of instance.exports) {
    if (entity.sort === 'func') items.set(name, { kind: 'func', func: entity.func, type: entity.type });
    else if (entity.sort === 'instance' && depth === 0) {
      items.set(name, { kind: 'instance', items: exportedItems(entity, 1) });
    } else if (entity.sort === 'type' && entity.kind === 'value')
      items.set(name, { kind: 'type', type: entity.type });
    else if (entity.sort === 'type' && entity.kind === 'resource') {
      items.set(name, { kind: 'resource', resource: entity.resource });
    }
  }
  return items;
}
