import { InvalidComponent } from './errors';
import type {
  CanonFunc,
  CoreArgument,
  CoreInstance,
  CoreItem,
  ImportedFunc,
  ImportedInterface,
  LiftedFunc,
  Plan,
} from './plan';
import { abiOptions, coreArgument, coreFunc, exportedItems, lookup } from './resolve-items';
import { resolveAlias, TypeResolver } from './resolve-types';
import { entitySort, Scope } from './scope';
import type { CoreEntity, Entity, InstanceEntity } from './scope';
import type {
  Alias,
  Canon,
  ComponentSyntax,
  CoreInstanceSyntax,
  Definition,
  Extern,
  InstanceSyntax,
} from './syntax';
import { parseFuncName, ROOT } from './types';
import type { FuncType, ResourceType } from './types';

/** Definitions and declarations evaluated, over all nested instantiations: a small file can ask for exponentially many. */
const MAX_WORK = 500_000;
const MAX_CORE_INSTANCES = 1_000;
const MAX_COMPONENT_INSTANCES = 1_000;

/**
 * Evaluates a component to its plan. Instantiation in the component model does not depend on values, so all of it can happen here, once.
 *
 * Types that an importing component declares for its arguments are not compared with those of the arguments: each function carries its
 * own type, values are checked against it in both directions, and a guest that lies about a type can only confuse itself.
 */
export function resolveComponent(
  syntax: ComponentSyntax,
  isRemote: (interfaceName: string) => boolean,
): Plan {
  return new Resolver(isRemote).run(syntax);
}

class Resolver {
  private readonly modules: { start: number; end: number }[] = [];
  private readonly moduleIndex = new Map<number, number>();
  private readonly coreInstances: CoreInstance[] = [];
  private readonly canonFuncs: CanonFunc[] = [];
  private readonly importedFuncs: ImportedFunc[] = [];
  private readonly liftedFuncs: LiftedFunc[] = [];
  private readonly resources: ResourceType[] = [];
  private readonly destructors = new Map<number, CoreItem>();
  private readonly imports = new Map<string, ImportedInterface>();
  private readonly types = new TypeResolver((offset, amount) => this.spend(offset, amount));
  private componentInstances = 0;
  private work = 0;

  constructor(private readonly isRemote: (interfaceName: string) => boolean) {}

  run(syntax: ComponentSyntax): Plan {
    const root = this.instantiate(syntax, undefined, undefined, 0);
    return {
      modules: this.modules,
      coreInstances: this.coreInstances,
      canonFuncs: this.canonFuncs,
      importedFuncs: this.importedFuncs,
      liftedFuncs: this.liftedFuncs,
      resources: this.resources,
      destructors: this.destructors,
      componentInstances: this.componentInstances,
      imports: this.imports,
      exports: exportedItems(root),
    };
  }

  private spend(offset: number, amount = 1): void {
    if ((this.work += amount) > MAX_WORK) fail(`instantiation takes more than ${MAX_WORK} steps`, offset);
  }

  /** @param args what the imports are given; `undefined` at the root, where the host gives. */
  private instantiate(
    syntax: ComponentSyntax,
    parent: Scope | undefined,
    args: ReadonlyMap<string, Entity> | undefined,
    at: number,
  ): InstanceEntity {
    const owner = this.componentInstances++;
    if (owner >= MAX_COMPONENT_INSTANCES)
      fail(`more than ${MAX_COMPONENT_INSTANCES} component instances`, at);
    const scope = new Scope(parent, owner);
    const exports = new Map<string, Entity>();
    for (const definition of syntax.definitions) {
      this.spend(definition.offset);
      this.evaluate(definition, scope, args, exports);
    }
    return { sort: 'instance', exports };
  }

  private evaluate(
    definition: Definition,
    scope: Scope,
    args: ReadonlyMap<string, Entity> | undefined,
    exports: Map<string, Entity>,
  ): void {
    const { offset } = definition;
    switch (definition.kind) {
      case 'core module':
        return scope.push({ sort: 'core module', module: this.module(offset, definition.end) });
      case 'core instance':
        return scope.push(this.coreInstance(definition.instance, scope, offset));
      case 'core type':
        return scope.push({ sort: 'core type' });
      case 'component':
        return scope.push({ sort: 'component', syntax: definition.component, scope });
      case 'instance':
        return scope.push(this.instance(definition.instance, scope, offset));
      case 'alias':
        return scope.push(this.alias(definition.alias, scope, offset));
      case 'type':
        if (definition.type.kind === 'resource') {
          const resource = this.newResource('', undefined, scope.owner);
          const { destructor } = definition.type;
          if (destructor !== undefined)
            this.destructors.set(resource.id, coreFunc(scope, destructor, offset));
          return scope.push({ sort: 'type', kind: 'resource', resource });
        }
        return scope.push(this.types.define(definition.type, scope, offset));
      case 'canon':
        return this.canon(definition.canon, scope, offset);
      case 'import': {
        const { name, extern } = definition;
        if (args === undefined) return scope.push(this.hostImport(name, extern, scope, offset));
        const given = args.get(name);
        if (given === undefined) return fail(`import ${name} of a nested component is not given`, offset);
        if (given.sort !== extern.sort)
          return fail(`import ${name} is given a ${given.sort}, not a ${extern.sort}`, offset);
        return scope.push(given);
      }
      case 'export': {
        const { name, value } = definition;
        if (exports.has(name)) fail(`two exports are named ${name}`, offset);
        const entity = lookup(scope, value, offset);
        if (entity.sort === 'type' && entity.kind === 'resource' && entity.resource.name === '') {
          (entity.resource as { name: string }).name = name;
        }
        exports.set(name, entity);
        return scope.push(entity);
      }
    }
  }

  private module(start: number, end: number): number {
    let index = this.moduleIndex.get(start);
    if (index === undefined) {
      index = this.modules.push({ start, end }) - 1;
      this.moduleIndex.set(start, index);
    }
    return index;
  }

  private newResource(name: string, imported: ResourceType['imported'], owner: number): ResourceType {
    const resource = { id: this.resources.length, name, imported, owner };
    this.resources.push(resource);
    return resource;
  }

  private hostImport(name: string, extern: Extern, scope: Scope, offset: number): Entity {
    if (this.imports.has(name)) fail(`two imports are named ${name}`, offset);
    if (extern.sort === 'instance') {
      const type = scope.get('type', extern.type, offset);
      if (type.kind !== 'instance') return fail(`type of import ${name} is not an instance type`, offset);
      const funcs = new Map<string, FuncType>();
      const resources: ResourceType[] = [];
      const imported = { interface: name, remote: this.isRemote(name) };
      this.imports.set(name, { funcs, resources });
      return this.types.instance(type.declarations, type.scope, {
        resource: (resourceName) => {
          const resource = this.newResource(resourceName, imported, -1);
          resources.push(resource);
          return resource;
        },
        func: (funcName, funcType, siblings) => {
          funcs.set(funcName, funcType);
          const owner = parseFuncName(funcName).resource;
          const entity = owner === undefined ? undefined : siblings.get(owner);
          if (owner !== undefined && !(entity?.sort === 'type' && entity.kind === 'resource')) {
            fail(`function ${funcName} belongs to no resource of ${name}`, offset);
          }
          const resource =
            entity?.sort === 'type' && entity.kind === 'resource' ? entity.resource : undefined;
          return this.importedFunc({ interface: name, name: funcName, type: funcType, resource });
        },
      });
    }
    if (extern.sort === 'func') {
      const type = scope.get('type', extern.type, offset);
      if (type.kind !== 'func') return fail(`type of import ${name} is not a function type`, offset);
      this.imports.set(name, { funcs: new Map([['default', type.type]]), resources: [] });
      return this.importedFunc({ interface: name, name: undefined, type: type.type, resource: undefined });
    }
    if (extern.sort !== 'type') return fail(`the host cannot provide a ${extern.sort} (${name})`, offset);
    if (extern.equals !== undefined) return scope.get('type', extern.equals, offset);
    const imported = { interface: ROOT, remote: false };
    return { sort: 'type', kind: 'resource', resource: this.newResource(name, imported, -1) };
  }

  private importedFunc(func: ImportedFunc): Entity {
    const index = this.importedFuncs.push(func) - 1;
    return { sort: 'func', func: { from: 'import', index }, type: func.type };
  }

  private coreInstance(syntax: CoreInstanceSyntax, scope: Scope, offset: number): CoreEntity {
    if (syntax.kind === 'exports') {
      const items = new Map<string, CoreEntity>();
      for (const { name, value } of syntax.exports)
        items.set(name, lookup(scope, value, offset) as CoreEntity);
      return { sort: 'core instance', instance: undefined, items };
    }
    const args = new Map<string, CoreArgument>();
    for (const { name, value } of syntax.args) {
      if (args.has(name)) fail(`two arguments are named ${JSON.stringify(name)}`, offset);
      args.set(name, coreArgument(scope.get('core instance', value, offset)));
    }
    const { module } = scope.get('core module', syntax.module, offset);
    const instance = this.coreInstances.push({ module, args }) - 1;
    if (instance >= MAX_CORE_INSTANCES) fail(`more than ${MAX_CORE_INSTANCES} core instances`, offset);
    return { sort: 'core instance', instance };
  }

  private instance(syntax: InstanceSyntax, scope: Scope, offset: number): InstanceEntity {
    const entities = new Map<string, Entity>();
    for (const { name, value } of syntax.kind === 'exports' ? syntax.exports : syntax.args) {
      if (entities.has(name)) fail(`${name} is given twice`, offset);
      entities.set(name, lookup(scope, value, offset));
    }
    if (syntax.kind === 'exports') return { sort: 'instance', exports: entities };
    const component = scope.get('component', syntax.component, offset);
    return this.instantiate(component.syntax, component.scope, entities, offset);
  }

  private alias(alias: Alias, scope: Scope, offset: number): Entity {
    if (alias.target !== 'core export') return resolveAlias(alias, scope, offset);
    const instance = scope.get('core instance', alias.instance, offset);
    const sort = entitySort(alias.sort, offset);
    if (instance.instance === undefined) {
      const item = instance.items.get(alias.name);
      return item?.sort === sort ? item : fail(`core instance has no ${sort} ${alias.name}`, offset);
    }
    const item: CoreItem = { from: 'export', export: { instance: instance.instance, name: alias.name } };
    switch (sort) {
      case 'core func':
      case 'core table':
      case 'core memory':
      case 'core global':
      case 'core tag':
        return { sort, item };
      default:
        return fail(`a core instance exports no ${sort}`, offset);
    }
  }

  private canon(canon: Canon, scope: Scope, offset: number): void {
    const { owner } = scope;
    if (canon.kind === 'lift') {
      const type = scope.get('type', canon.type, offset);
      if (type.kind !== 'func') return fail(`type ${canon.type} is not a function type`, offset);
      const core = coreFunc(scope, canon.core, offset);
      const options = abiOptions(canon.options, scope, offset);
      const index = this.liftedFuncs.push({ offset, core, options, type: type.type, owner }) - 1;
      return scope.push({ sort: 'func', func: { from: 'lift', index }, type: type.type });
    }
    let made: CanonFunc;
    if (canon.kind === 'lower') {
      const { func, type } = scope.get('func', canon.func, offset);
      made = { kind: 'lower', offset, func, type, options: abiOptions(canon.options, scope, offset), owner };
    } else {
      const entity = scope.get('type', canon.resource, offset);
      if (entity.kind !== 'resource') return fail(`type ${canon.resource} is not a resource`, offset);
      if (canon.kind !== 'resource.drop' && entity.resource.owner !== owner) {
        fail(`${canon.kind} of a resource that another component defines`, offset);
      }
      made = { kind: canon.kind, resource: entity.resource, owner };
    }
    const func = this.canonFuncs.push(made) - 1;
    return scope.push({ sort: 'core func', item: { from: 'func', func } });
  }
}

function fail(reason: string, offset: number): never {
  throw new InvalidComponent(reason, offset);
}
