import type { HostImports } from '../engine/engine';
import { Abi } from './abi';
import { bindGlue, type CompiledComponent, type Glue } from './compile';
import { START } from './core-module';
import { Trap } from './errors';
import { guestExports, type ComponentExports } from './exports';
import { Handles } from './handles';
import { HostOffers } from './host-offers';
import type {
  AbiOptions,
  CanonFunc,
  CoreExport,
  CoreInstance,
  CoreItem,
  FuncSource,
  ImportedFunc,
} from './plan';
import { GuestResource, HostResource, RemoteResource, type ResourceBinding } from './resources';
import { InstanceState } from './state';
import type { ResourceType } from './types';

type CoreFunction = (...args: unknown[]) => unknown;

export interface InstantiateOptions {
  /**
   * Whether a function of the host may answer with a promise, by interface as the component imports it and WIT name. Naming any makes
   * all exports asynchronous.
   * @default none may
   */
  readonly mayWait?: (interfaceName: string, func: string) => boolean;
}

export interface ComponentInstance {
  /** By interface as the component exports it, or by name for a function of the world. */
  readonly exports: ComponentExports;
  /** Whether exported functions return promises. */
  readonly async: boolean;
  /** Ends the instance: nothing can be called any more, and resources of the host that it still owns are dropped. */
  dispose(): void;
}

/**
 * Makes an instance with a memory and tables of its own, and runs what the guest does at its start.
 * @throws ImportMissingError when `imports` lacks something that the component needs.
 */
export async function instantiate(
  component: CompiledComponent,
  imports: HostImports,
  options: InstantiateOptions = {},
): Promise<ComponentInstance> {
  return new Linker(component, imports, options.mayWait ?? (() => false)).link();
}

class Linker {
  private readonly host: HostOffers;
  private readonly state: InstanceState;
  private readonly handles: Handles[];
  private readonly resources: ResourceBinding[];
  private readonly glue: Glue;
  private readonly coreInstances: Record<string, unknown>[] = [];
  private readonly canonFuncs: unknown[] = [];
  private readonly lifted: (CoreFunction | undefined)[] = [];
  private readonly abis = new Map<string, Abi>();
  private readonly waiting: boolean[];
  private readonly async: boolean;

  constructor(
    private readonly component: CompiledComponent,
    imports: HostImports,
    mayWait: (interfaceName: string, func: string) => boolean,
  ) {
    const { plan } = component;
    this.host = new HostOffers(imports);
    this.glue = bindGlue(component);
    this.state = new InstanceState(plan.componentInstances);
    this.handles = this.state.components.map((state) => new Handles(state));
    this.waiting = plan.importedFuncs.map((func) => mayWait(func.interface, func.name ?? 'default'));
    this.async = this.waiting.includes(true);
    this.resources = plan.resources.map((resource) => this.bindResource(resource));
  }

  async link(): Promise<ComponentInstance> {
    const { plan, modules } = this.component;
    for (const instance of plan.coreInstances) {
      const module = modules[instance.module] as WebAssembly.Module;
      const { exports } = new WebAssembly.Instance(module, this.coreImports(instance));
      this.coreInstances.push(exports);
      const start = exports[START];
      if (typeof start === 'function')
        await (this.async ? WebAssembly.promising(start) : (start as CoreFunction))();
    }
    const exports = guestExports(plan, this.resources, (func) => this.func(func));
    return { exports, async: this.async, dispose: () => this.dispose() };
  }

  private coreImports({ args }: CoreInstance): Record<string, Record<string, unknown>> {
    const given = Object.create(null) as Record<string, Record<string, unknown>>;
    for (const [name, argument] of args) {
      if (argument.from === 'instance') {
        given[name] = this.coreInstances[argument.instance] ?? {};
        continue;
      }
      const items = Object.create(null) as Record<string, unknown>;
      for (const [item, source] of argument.items) items[item] = this.item(source);
      given[name] = items;
    }
    return given;
  }

  private item(item: CoreItem): unknown {
    if (item.from === 'func') return (this.canonFuncs[item.func] ??= this.canonFunc(item.func));
    return this.coreExport(item.export);
  }

  private coreExport({ instance, name }: CoreExport): unknown {
    const exported = this.coreInstances[instance]?.[name];
    if (exported === undefined) throw new Trap(`core instance ${instance} has no export ${name}`);
    return exported;
  }

  private coreFunction(item: CoreItem): CoreFunction {
    const func = this.item(item);
    if (typeof func !== 'function') throw new Trap('a core export is not the function that it should be');
    return func as CoreFunction;
  }

  private canonFunc(index: number): unknown {
    const func = this.component.plan.canonFuncs[index] as CanonFunc;
    if (func.kind === 'lower') return this.lower(index, func);
    const handles = this.handles[func.owner] as Handles;
    const { id } = func.resource;
    switch (func.kind) {
      case 'resource.new':
        return (rep: number) => this.guarded(func, () => handles.own(id, rep));
      case 'resource.rep':
        return (handle: number) => this.guarded(func, () => handles.rep(handle, id));
      case 'resource.drop':
        return this.resourceDrop(func, handles);
    }
  }

  private lower(index: number, { func, options, owner }: Extract<CanonFunc, { kind: 'lower' }>): unknown {
    const factory = this.glue.lower[index];
    if (factory === undefined) throw new RangeError(`Plan has no glue for canonical function ${index}`);
    // A function of another component waits whenever anything may: it is entered in a way that lets it.
    const waits = func.from === 'lift' ? this.async : (this.waiting[func.index] ?? false);
    const target = func.from === 'lift' ? this.func(func) : this.host.target(this.importedFunc(func.index));
    const lowered = factory(this.abi(options, owner), target, waits);
    return waits ? new WebAssembly.Suspending(lowered) : lowered;
  }

  private resourceDrop(func: Extract<CanonFunc, { resource: ResourceType }>, handles: Handles): unknown {
    const { id, owner } = func.resource;
    const destructor = this.component.plan.destructors.get(id);
    const end =
      owner === func.owner ? this.destructor(destructor) : (rep: unknown) => this.resources[id]?.drop(rep);
    const drop = (handle: number): unknown =>
      this.guarded(func, () => {
        const { owned, rep } = handles.drop(handle, id);
        return owned ? end(rep) : undefined;
      });
    if (owner < 0) return (handle: number): void => void drop(handle);
    return this.async && destructor !== undefined ? new WebAssembly.Suspending(drop) : drop;
  }

  /** Runs what a guest calls of the handle tables; a mistake of the guest ends it. */
  private guarded(func: Extract<CanonFunc, { resource: ResourceType }>, action: () => unknown): unknown {
    const where = `${func.kind} ${func.resource.name}`;
    try {
      const state = this.state.components[func.owner];
      if (state?.mayLeave === false) state.cannotLeave(where);
      return action();
    } catch (error) {
      throw this.state.trap(error, where);
    }
  }

  private destructor(item: CoreItem | undefined): (rep: unknown) => unknown {
    if (item === undefined) return () => undefined;
    let call: CoreFunction | undefined;
    return (rep) => {
      call ??= this.async ? WebAssembly.promising(this.coreFunction(item)) : this.coreFunction(item);
      return call(rep);
    };
  }

  private func(source: FuncSource): CoreFunction {
    if (source.from === 'import') return this.host.callable(this.importedFunc(source.index));
    return (this.lifted[source.index] ??= this.lift(source.index));
  }

  private lift(index: number): CoreFunction {
    const func = this.component.plan.liftedFuncs[index];
    const factory = this.glue.lift[index];
    if (func === undefined || factory === undefined)
      throw new RangeError(`Plan has no glue for function ${index}`);
    const core = this.coreFunction(func.core);
    const { postReturn } = func.options;
    return factory(
      this.abi(func.options, func.owner),
      this.async ? WebAssembly.promising(core) : core,
      postReturn && this.coreFunction(postReturn),
      this.async,
    );
  }

  private importedFunc(index: number): ImportedFunc {
    const func = this.component.plan.importedFuncs[index];
    if (func === undefined) throw new RangeError(`Plan has no imported function ${index}`);
    return func;
  }

  private abi({ memory, realloc }: AbiOptions, owner: number): Abi {
    const key = JSON.stringify([owner, memory, realloc]);
    let abi = this.abis.get(key);
    if (abi === undefined) {
      const state = this.state.components[owner];
      const handles = this.handles[owner];
      if (state === undefined || handles === undefined)
        throw new RangeError(`Plan has no component instance ${owner}`);
      const memoryExport = memory && this.coreExport(memory);
      if (memory && !(memoryExport instanceof WebAssembly.Memory))
        throw new Trap(`core export ${memory.name} is no memory`);
      abi = new Abi(
        state,
        handles,
        this.resources,
        memoryExport as WebAssembly.Memory | undefined,
        realloc && (this.coreFunction(realloc) as (...args: number[]) => number),
      );
      this.abis.set(key, abi);
    }
    return abi;
  }

  private bindResource(resource: ResourceType): ResourceBinding {
    if (resource.imported !== undefined) {
      if (resource.imported.remote) return new RemoteResource(resource);
      return new HostResource(resource, this.host.classOf(resource.imported.interface, resource.name));
    }
    const destroy = this.destructor(this.component.plan.destructors.get(resource.id));
    const owner = this.state.components[resource.owner];
    return new GuestResource(resource, (rep) => {
      const where = `destructor of ${resource.name}`;
      owner?.enter(where);
      try {
        const done = destroy(rep);
        if (!(done instanceof Promise)) return owner?.exit();
        return done.then(
          () => owner?.exit(),
          (error: unknown) => {
            throw this.state.trap(error, where);
          },
        );
      } catch (error) {
        throw this.state.trap(error, where);
      }
    });
  }

  private dispose(): void {
    this.state.trap(new Trap('the instance was disposed of'), 'dispose');
    for (const handles of this.handles) {
      for (const { resource, rep } of handles.owned()) {
        const binding = this.resources[resource];
        if (binding instanceof HostResource) binding.drop(rep);
      }
    }
  }
}
