import { InvalidComponent } from './errors';
import type { AbiOptions, CoreArgument, CoreItem, Plan } from './plan';

type Kinds = ReadonlyMap<string, string>;

/**
 * Checks that every core module is given what it imports, and exports what the component takes from it, so that a component that cannot
 * be linked is refused once and not at each instantiation. Signatures are V8's to check, when it links.
 * @throws InvalidComponent
 */
export function checkLinks(plan: Plan, modules: readonly WebAssembly.Module[]): void {
  const exportsOf = modules.map(
    (module): Kinds => new Map(WebAssembly.Module.exports(module).map(({ name, kind }) => [name, kind])),
  );
  /** Exports of each core instance so far: later ones cannot be used yet. */
  const instances: Kinds[] = [];

  const kindOf = (item: CoreItem, offset: number): string => {
    if (item.from === 'func') return 'function';
    const { instance, name } = item.export;
    const kind = instances[instance]?.get(name);
    if (kind === undefined)
      throw new InvalidComponent(`core instance ${instance} exports no ${JSON.stringify(name)}`, offset);
    return kind;
  };
  const given = (argument: CoreArgument | undefined, name: string, offset: number): string | undefined => {
    if (argument?.from === 'instance') return instances[argument.instance]?.get(name);
    const item = argument?.items.get(name);
    return item && kindOf(item, offset);
  };
  const expectKind = (item: CoreItem | undefined, kind: string, offset: number): void => {
    if (item !== undefined && kindOf(item, offset) !== kind)
      throw new InvalidComponent(`a core export is no ${kind}`, offset);
  };
  const checkOptions = ({ memory, realloc, postReturn }: AbiOptions, offset: number): void => {
    expectKind(memory && { from: 'export', export: memory }, 'memory', offset);
    expectKind(realloc, 'function', offset);
    expectKind(postReturn, 'function', offset);
  };

  for (const { module, args } of plan.coreInstances) {
    const offset = plan.modules[module]?.start ?? 0;
    for (const { module: from, name, kind } of WebAssembly.Module.imports(
      modules[module] as WebAssembly.Module,
    )) {
      const found = given(args.get(from), name, offset);
      if (found === kind) continue;
      const what = `${kind} ${JSON.stringify(name)} of ${JSON.stringify(from)}`;
      throw new InvalidComponent(`core module imports ${what}, and is given ${found ?? 'none'}`, offset);
    }
    instances.push(exportsOf[module] ?? new Map<string, string>());
  }
  for (const { core, options, offset } of plan.liftedFuncs) {
    expectKind(core, 'function', offset);
    checkOptions(options, offset);
  }
  for (const func of plan.canonFuncs) if (func.kind === 'lower') checkOptions(func.options, func.offset);
  for (const destructor of plan.destructors.values()) expectKind(destructor, 'function', 0);
}
