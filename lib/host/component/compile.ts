import type { Abi } from './abi';
import { parseComponent } from './binary';
import { checkLinks } from './check-links';
import { divideLimits, rewriteModule, type CoreLimits, type ModuleRange } from './core-module';
import { InvalidComponent } from './errors';
import { generateGlue } from './generate';
import type { Plan } from './plan';
import { resolveComponent } from './resolve';
import { support } from './support';

export interface CompileOptions {
  /**
   * Most bytes that the component's linear memory may grow to; several memories share it in equal parts.
   * @default as much as the component itself allows, up to 4 GiB
   */
  readonly memoryBytes?: number;
  /**
   * Whether an imported interface is served elsewhere. The host passes handles of its resources on, as the bytes by which their owner knows
   * them, and offers their constructors, methods and static functions as functions of the interface, by their WIT names in camelCase.
   * @default none is
   */
  readonly remote?: (interfaceName: string) => boolean;
}

/** All that 32-bit addresses reach. */
const MAX_MEMORY_BYTES = 2 ** 32;

/** A component ready to be instantiated. Plain data and compiled modules: `postMessage` hands it to other threads without compiling again. */
export interface CompiledComponent {
  readonly plan: Plan;
  readonly modules: readonly WebAssembly.Module[];
  /** Body of a function of `support` that returns {@link Glue}. */
  readonly glue: string;
}

type CoreFunction = (...args: unknown[]) => unknown;

/** The generated functions, by position in the plan. */
export interface Glue {
  readonly lower: readonly (((abi: Abi, target: unknown, suspending: boolean) => CoreFunction) | undefined)[];
  readonly lift: readonly ((
    abi: Abi,
    core: CoreFunction,
    postReturn: CoreFunction | undefined,
    async: boolean,
  ) => CoreFunction)[];
}

/**
 * Parses, checks and compiles a component.
 * @throws InvalidComponent for bytes that are none, or that ask for what is not supported.
 */
export async function compile(bytes: Uint8Array, options: CompileOptions = {}): Promise<CompiledComponent> {
  const plan = resolveComponent(parseComponent(bytes), options.remote ?? (() => false));
  const glue = generateGlue(plan);
  const instantiated = plan.coreInstances.flatMap(({ module }) => plan.modules[module] ?? []);
  const limits = divideLimits(bytes, instantiated, options.memoryBytes ?? MAX_MEMORY_BYTES);
  const modules = await Promise.all(plan.modules.map((range) => compileModule(bytes, range, limits)));
  checkLinks(plan, modules);
  return { plan, modules, glue };
}

async function compileModule(
  bytes: Uint8Array,
  range: ModuleRange,
  limits: CoreLimits,
): Promise<WebAssembly.Module> {
  const module = rewriteModule(bytes, range, limits);
  try {
    return await WebAssembly.compile(module);
  } catch (cause) {
    if (!(cause instanceof WebAssembly.CompileError)) throw cause;
    throw new InvalidComponent(`core module is not valid: ${cause.message}`, range.start, { cause });
  }
}

const bound = new WeakMap<CompiledComponent, Glue>();

/** The generated functions, made once a thread. */
export function bindGlue(component: CompiledComponent): Glue {
  let glue = bound.get(component);
  if (glue === undefined) {
    const names = Object.keys(support);
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const make = new Function(...names, `'use strict';\n${component.glue}`) as (...args: unknown[]) => Glue;
    bound.set(component, (glue = make(...Object.values(support))));
  }
  return glue;
}
