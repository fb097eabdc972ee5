import { InvalidComponent } from './errors';
import type { CoreItem, FuncSource } from './plan';
import type { ComponentSyntax, Declaration, Sort } from './syntax';
import type { FuncType, ResourceType, ValType } from './types';

export type TypeEntity =
  | { readonly sort: 'type'; readonly kind: 'value'; readonly type: ValType }
  | { readonly sort: 'type'; readonly kind: 'func'; readonly type: FuncType }
  | { readonly sort: 'type'; readonly kind: 'resource'; readonly resource: ResourceType }
  | {
      readonly sort: 'type';
      readonly kind: 'instance' | 'component';
      readonly declarations: readonly Declaration[];
      readonly scope: Scope;
    };

export interface FuncEntity {
  readonly sort: 'func';
  readonly func: FuncSource;
  readonly type: FuncType;
}

export interface InstanceEntity {
  readonly sort: 'instance';
  readonly exports: ReadonlyMap<string, Entity>;
}

export interface ComponentEntity {
  readonly sort: 'component';
  readonly syntax: ComponentSyntax;
  /** Where it is defined: what its outer aliases see. */
  readonly scope: Scope;
}

/** What the component model speaks of by index and name. Functions carry their own types, whatever an importer declares of them. */
export type Entity = TypeEntity | FuncEntity | InstanceEntity | ComponentEntity | CoreEntity;

export type CoreEntity =
  | { readonly sort: 'core module'; readonly module: number }
  | { readonly sort: 'core type' }
  | { readonly sort: 'core instance'; readonly instance: number }
  | {
      readonly sort: 'core instance';
      readonly instance: undefined;
      readonly items: ReadonlyMap<string, CoreEntity>;
    }
  | CoreItemEntity<'core func'>
  | CoreItemEntity<'core table'>
  | CoreItemEntity<'core memory'>
  | CoreItemEntity<'core global'>
  | CoreItemEntity<'core tag'>;

interface CoreItemEntity<S> {
  readonly sort: S;
  readonly item: CoreItem;
}

/** The index spaces of one component, or of one instance or component type. */
export class Scope {
  private readonly spaces = new Map<Sort, Entity[]>();

  constructor(
    readonly parent: Scope | undefined,
    /** Component instance that it belongs to. */
    readonly owner: number,
  ) {}

  push(entity: Entity): void {
    const space = this.spaces.get(entity.sort);
    if (space === undefined) this.spaces.set(entity.sort, [entity]);
    else space.push(entity);
  }

  get<S extends Entity['sort']>(sort: S, index: number, offset: number): Extract<Entity, { sort: S }> {
    const entity = this.spaces.get(sort)?.[index];
    if (entity === undefined) throw new InvalidComponent(`there is no ${sort} ${index}`, offset);
    return entity as Extract<Entity, { sort: S }>;
  }

  outer(count: number, offset: number): Scope {
    if (count === 0) return this;
    if (this.parent === undefined)
      throw new InvalidComponent('alias reaches out of the outermost component', offset);
    return this.parent.outer(count - 1, offset);
  }
}

/** The sorts that have entities here: values were refused by the parser. */
export function entitySort(sort: Sort, offset: number): Entity['sort'] {
  if (sort === 'value') throw new InvalidComponent('values are not supported', offset);
  return sort;
}
