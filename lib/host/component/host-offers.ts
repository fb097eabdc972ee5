import { ImportMissingError, withoutVersion, type HostImports } from '../engine/engine';
import type { ImportedFunc } from './plan';
import { camelCase, parseFuncName, pascalCase, ROOT, type FuncName } from './types';

type Func = (...args: unknown[]) => unknown;
type HostClass = abstract new (...args: never[]) => object;

/** Finds what a component imports in what the host offers. Everything missing is an {@link ImportMissingError}. */
export class HostOffers {
  constructor(private readonly imports: HostImports) {}

  classOf(interfaceName: string, resource: string): HostClass {
    const holder = interfaceName === ROOT ? (this.imports[ROOT] ?? {}) : this.interface(interfaceName);
    const found = own(holder, pascalCase(resource));
    if (typeof found !== 'function') throw new ImportMissingError(interfaceName, resource);
    return found as HostClass;
  }

  /** What the glue calls for an imported function: the function itself, or the class of its resource. */
  target(func: ImportedFunc): Func | HostClass {
    const { kind, resource, name } = this.parsed(func);
    if (kind === 'free') {
      const found = own(this.interface(func.interface), camelCase(name));
      if (typeof found !== 'function') throw new ImportMissingError(func.interface, name);
      return found as Func;
    }
    const hostClass = this.classOf(func.interface, resource ?? '');
    const holder: unknown = kind === 'method' ? hostClass.prototype : hostClass;
    if (
      kind !== 'constructor' &&
      typeof (holder as Record<string, unknown>)[camelCase(name)] !== 'function'
    ) {
      throw new ImportMissingError(func.interface, func.name);
    }
    return hostClass;
  }

  /** An imported function as a plain one whose first parameter is the object, for a component that exports it as its own. */
  callable(func: ImportedFunc): Func {
    const target = this.target(func);
    const { kind, name } = this.parsed(func);
    const member = camelCase(name);
    const call = (holder: unknown, args: unknown[]): unknown =>
      (holder as Record<string, Func>)[member]?.(...args);
    switch (kind) {
      case 'free':
        return target as Func;
      case 'constructor':
        return (...args) => Reflect.construct(target, args) as unknown;
      case 'static':
        return (...args) => call(target, args);
      case 'method':
        return (self, ...args) => call(self, args);
    }
  }

  private parsed({ name = 'default', resource }: ImportedFunc): FuncName {
    if (resource?.imported?.remote) return { kind: 'free', resource: undefined, name };
    return parseFuncName(name);
  }

  private interface(name: string): Readonly<Record<string, unknown>> {
    const found = this.imports[name] ?? this.imports[withoutVersion(name)];
    if (found === undefined) throw new ImportMissingError(name);
    return found;
  }
}

/** A member that the host itself put there: what every object inherits is no offer. */
function own(holder: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(holder, name) ? holder[name] : undefined;
}
