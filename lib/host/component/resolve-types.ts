import { InvalidComponent } from './errors';
import { layoutOf } from './layout';
import { entitySort, Scope } from './scope';
import type { Entity, InstanceEntity, TypeEntity } from './scope';
import type { Alias, Declaration, DefinedType, Named, TypeDefinition, ValTypeRef } from './syntax';
import type { FuncType, ResourceType, ValType } from './types';

const MAX_TYPE_DEPTH = 64;
const MAX_TYPE_BYTES = 1 << 20;
const MAX_FLAGS = 32;
const LABEL = /^[a-zA-Z][a-zA-Z0-9]*(-[a-zA-Z0-9]+)*$/;

/** Gives meaning to the type section of a component and to the declared type of what it imports. */
export class TypeResolver {
  /** The same object for each primitive, so that its layout is computed once. */
  private readonly primitives = new Map<string, ValType>();

  /** @param spend counts declarations and labels towards the bound on all work, and fails past it. */
  constructor(private readonly spend: (offset: number, amount?: number) => void) {}

  define(
    definition: Exclude<TypeDefinition, { kind: 'resource' }>,
    scope: Scope,
    offset: number,
  ): TypeEntity {
    switch (definition.kind) {
      case 'func':
        return { sort: 'type', kind: 'func', type: this.funcType(definition, scope, offset) };
      case 'instance':
      case 'component':
        return { sort: 'type', kind: definition.kind, declarations: definition.declarations, scope };
      default: {
        if ('labels' in definition) this.spend(offset, definition.labels.length);
        const type = this.valType(definition, scope, offset);
        const { depth, size } = layoutOf(type);
        if (depth > MAX_TYPE_DEPTH) fail(`type is nested more than ${MAX_TYPE_DEPTH} deep`, offset);
        if (size > MAX_TYPE_BYTES) fail(`type takes ${size} bytes, more than ${MAX_TYPE_BYTES}`, offset);
        return { sort: 'type', kind: 'value', type };
      }
    }
  }

  /**
   * An instance of an instance type, as the host will provide it.
   * @param provide makes the entity for one of its functions or resources.
   */
  instance(
    declarations: readonly Declaration[],
    parent: Scope,
    provide: {
      func(name: string, type: FuncType, exports: ReadonlyMap<string, Entity>): Entity;
      resource(name: string): ResourceType;
    },
  ): InstanceEntity {
    const scope = new Scope(parent, parent.owner);
    const exports = new Map<string, Entity>();
    for (const declaration of declarations) {
      if (declaration.kind === 'core type') continue;
      const { offset } = declaration;
      this.spend(offset);
      if (declaration.kind === 'type') {
        if (declaration.type.kind === 'resource') fail('an instance type cannot define a resource', offset);
        scope.push(this.define(declaration.type, scope, offset));
      } else if (declaration.kind === 'alias') {
        scope.push(resolveAlias(declaration.alias, scope, offset));
      } else {
        const { name, extern } = declaration;
        if (exports.has(name)) fail(`two exports are named ${name}`, offset);
        let entity: Entity;
        if (extern.sort === 'type') {
          entity =
            extern.equals === undefined
              ? { sort: 'type', kind: 'resource', resource: provide.resource(name) }
              : scope.get('type', extern.equals, offset);
        } else if (extern.sort === 'func') {
          const type = scope.get('type', extern.type, offset);
          if (type.kind !== 'func') return fail(`type of function ${name} is not a function type`, offset);
          entity = provide.func(name, type.type, exports);
        } else {
          return fail(`the host cannot provide a ${extern.sort} (${name})`, offset);
        }
        exports.set(name, entity);
        scope.push(entity);
      }
    }
    return { sort: 'instance', exports };
  }

  private funcType(
    definition: Extract<TypeDefinition, { kind: 'func' }>,
    scope: Scope,
    offset: number,
  ): FuncType {
    const params = this.fields(definition.params, scope, offset);
    const result = this.optional(definition.result, scope, offset);
    return { params, result };
  }

  private valType(definition: DefinedType, scope: Scope, offset: number): ValType {
    const ref = (type: ValTypeRef) => this.reference(type, scope, offset);
    switch (definition.kind) {
      case 'primitive':
        return ref(definition.primitive);
      case 'record':
        return { kind: 'record', fields: this.fields(definition.fields, scope, offset, 'record') };
      case 'variant': {
        labels(
          definition.cases.map((each) => each.name),
          'variant',
          offset,
        );
        const cases = definition.cases.map(({ name, value }) => ({
          name,
          type: this.optional(value, scope, offset),
        }));
        return { kind: 'variant', cases };
      }
      case 'list':
      case 'option': {
        const element = ref(definition.element);
        return definition.kind === 'list' ? { kind: 'list', element } : { kind: 'option', element };
      }
      case 'tuple':
        if (definition.elements.length === 0) fail('tuple has no elements', offset);
        return { kind: 'tuple', elements: definition.elements.map(ref) };
      case 'flags':
        if (definition.labels.length > MAX_FLAGS) fail(`more than ${MAX_FLAGS} flags`, offset);
        return { kind: 'flags', labels: labels(definition.labels, 'flags', offset) };
      case 'enum':
        return { kind: 'enum', labels: labels(definition.labels, 'enum', offset) };
      case 'result':
        return {
          kind: 'result',
          ok: this.optional(definition.ok, scope, offset),
          err: this.optional(definition.err, scope, offset),
        };
      case 'own':
      case 'borrow': {
        const entity = scope.get('type', definition.resource, offset);
        if (entity.kind !== 'resource') return fail(`type ${definition.resource} is not a resource`, offset);
        const { resource } = entity;
        return definition.kind === 'own' ? { kind: 'own', resource } : { kind: 'borrow', resource };
      }
    }
  }

  private fields(fields: readonly Named<ValTypeRef>[], scope: Scope, offset: number, of?: 'record') {
    const names = fields.map((field) => field.name);
    if (of === 'record' || names.length > 0) labels(names, of ?? 'function', offset);
    return fields.map(({ name, value }) => ({ name, type: this.reference(value, scope, offset) }));
  }

  private optional(type: ValTypeRef | undefined, scope: Scope, offset: number): ValType | undefined {
    return type === undefined ? undefined : this.reference(type, scope, offset);
  }

  private reference(type: ValTypeRef, scope: Scope, offset: number): ValType {
    this.spend(offset);
    if (typeof type === 'number') {
      const entity = scope.get('type', type, offset);
      return entity.kind === 'value' ? entity.type : fail(`type ${type} is not a value type`, offset);
    }
    let primitive = this.primitives.get(type);
    if (primitive === undefined) this.primitives.set(type, (primitive = { kind: type }));
    return primitive;
  }
}

export function resolveAlias(alias: Alias, scope: Scope, offset: number): Entity {
  const sort = entitySort(alias.sort, offset);
  if (alias.target === 'outer') return scope.outer(alias.count, offset).get(sort, alias.index, offset);
  if (alias.target === 'core export') return fail('core aliases are not allowed here', offset);
  const entity = scope.get('instance', alias.instance, offset).exports.get(alias.name);
  if (entity?.sort !== sort) return fail(`instance ${alias.instance} has no ${sort} ${alias.name}`, offset);
  return entity;
}

/** Labels become keys of JavaScript objects: beyond the grammar, two of them must not become the same key. */
function labels(names: readonly string[], of: string, offset: number): readonly string[] {
  if (names.length === 0) fail(`${of} has nothing in it`, offset);
  const seen = new Set<string>();
  for (const name of names) {
    if (!LABEL.test(name)) fail(`${JSON.stringify(name)} is not a name`, offset);
    const key = name.toLowerCase();
    if (seen.has(key)) fail(`${of} has ${name} twice`, offset);
    seen.add(key);
  }
  return names;
}

function fail(reason: string, offset: number): never {
  throw new InvalidComponent(reason, offset);
}
