import { InvalidComponent } from './errors';
import { quote, Source, type AbiContext, type Block } from './emitter';
import { layoutOf, sequence, union, type FlatType } from './layout';
import { Flats, liftFlat, liftMemory, unsigned } from './lift';
import { lowerFlat, lowerMemory, Targets } from './lower';
import type { AbiOptions, CanonFunc, ExportedItem, ImportedFunc, LiftedFunc, Plan } from './plan';
import { camelCase, parseFuncName, type FuncType, type ValType } from './types';

/** The canonical ABI's bound on what is passed in registers; more parameters lie in memory. */
const MAX_FLAT_PARAMS = 16;

/**
 * JavaScript that passes values between the host and the guest, specialised for each function of a component: an expression whose value
 * is `{ lower, lift }`, factories by position in the plan.
 *
 * Every text from the component is a quoted literal in it.
 */
export function generateGlue(plan: Plan): string {
  const source = new Source();
  const lower = plan.canonFuncs.map((func) =>
    func.kind === 'lower' ? generateLower(source, func, importOf(plan, func)) : 'undefined',
  );
  const names = liftNames(plan);
  const lift = plan.liftedFuncs.map((func, index) =>
    generateLift(source, func, names.get(index) ?? 'inner function'),
  );
  return `${source.toString()}\nreturn { lower: [${lower.join(',\n')}], lift: [${lift.join(',\n')}] };`;
}

function importOf(plan: Plan, func: Extract<CanonFunc, { kind: 'lower' }>): ImportedFunc | undefined {
  return func.func.from === 'import' ? plan.importedFuncs[func.func.index] : undefined;
}

/** `interface#function`, as an import and in errors. */
export function importName(func: ImportedFunc): string {
  return func.name === undefined ? func.interface : `${func.interface}#${func.name}`;
}

/** What errors call the lifted functions, by position: `interface#function` of the first export. */
function liftNames(plan: Plan): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  const add = (name: string, item: ExportedItem): void => {
    if (item.kind === 'func' && item.func.from === 'lift' && !names.has(item.func.index))
      names.set(item.func.index, name);
    if (item.kind === 'instance') item.items.forEach((inner, member) => add(`${name}#${member}`, inner));
  };
  plan.exports.forEach((item, name) => add(name, item));
  return names;
}

const named = (flat: readonly FlatType[], prefix: string): { name: string; type: FlatType }[] =>
  flat.map((type, index) => ({ name: `${prefix}${index}`, type }));

/** The two outcomes of a function: the one case of most, two for a `result`. */
function outcomes(type: ValType | undefined): {
  ok: ValType | undefined;
  err?: { type: ValType | undefined };
} {
  return type?.kind === 'result' ? { ok: type.ok, err: { type: type.err } } : { ok: type };
}

/** A core function that the guest calls: lifts parameters, calls the host, lowers the result. */
function generateLower(
  source: Source,
  { type, options, owner, offset }: Extract<CanonFunc, { kind: 'lower' }>,
  imported: ImportedFunc | undefined,
): string {
  const context: AbiContext = { encoding: options.encoding, owner };
  const where = quote(imported === undefined ? 'a function of another component' : importName(imported));
  const params = sequence(type.params.map((param) => param.type));
  const spilled = params.flat.length > MAX_FLAT_PARAMS;
  const result = type.result && layoutOf(type.result);
  const stored = result !== undefined && result.flat.length > 1;
  needMemory(options, spilled || stored || params.dynamic, result?.dynamic ?? false, offset);

  const flat = named(spilled ? ['i32'] : params.flat, 'p');
  const block = source.block();
  if (params.dynamic) block.emit('x.startLifting();');
  const args = spilled
    ? liftSpilled(source, context, block, type, params)
    : liftAll(source, context, block, type, new Flats(flat));
  if (stored) block.emit(`out = x.range(out, ${result.size}, ${result.align});`);

  const { err } = outcomes(type.result);
  const call = hostCall(imported, args);
  const signature = [...flat.map(({ name }) => name), ...(stored ? ['out'] : [])].join(', ');
  return `(x, f, suspending) => {
const ok = (v, out) => {
${lowerOutcome(source, context, type.result, 0, stored)}
};
const err = ${err === undefined ? 'undefined' : `(v, out) => {\n${lowerOutcome(source, context, type.result, 1, stored)}\n}`};
return function (${signature}) {
const { state } = x;
try {
if (!state.mayLeave) state.cannotLeave(${where});
${options.memory === undefined ? '' : 'if (x.bytes.length === 0) x.refresh();'}
${block.toString()}
let r;
${err === undefined ? `r = ${call};` : `try { r = ${call}; } catch (e) { return err(payloadOf(e)${stored ? ', out' : ''}); }`}
if (isPromise(r)) {
if (!suspending) throw new Trap('a promise was returned, though the function is not one that may wait');
return x.settle(r, ${where}, ${stored ? 'out' : '0'}, ok, err);
}
return ok(r${stored ? ', out' : ''});
} catch (e) { throw state.instance.trap(e, ${where}); }
};
}`;
}

function liftAll(source: Source, context: AbiContext, block: Block, type: FuncType, flats: Flats): string[] {
  return type.params.map((param) => block.constant(liftFlat(source, context, block, param.type, flats), 'a'));
}

function liftSpilled(
  source: Source,
  context: AbiContext,
  block: Block,
  type: FuncType,
  params: ReturnType<typeof sequence>,
): string[] {
  block.emit(`p0 = x.range(p0, ${params.size}, ${params.align});`);
  return type.params.map((param, index) =>
    block.constant(liftMemory(source, context, param.type, `p0 + ${params.offsets[index] ?? 0}`), 'a'),
  );
}

/** The body that hands one outcome to the guest, in memory at `out` or as the core function's result. */
function lowerOutcome(
  source: Source,
  context: AbiContext,
  type: ValType | undefined,
  outcome: 0 | 1,
  stored: boolean,
): string {
  const block = source.block();
  if (type === undefined) return '';
  if (type.kind === 'result') {
    const payload = outcome === 0 ? type.ok : type.err;
    if (!stored) return `return ${outcome};`;
    block.emit(`x.view.setUint8(out, ${outcome});`);
    if (payload !== undefined) {
      lowerMemory(source, context, block, payload, 'v', `out + ${union([type.ok, type.err]).payload}`);
    }
  } else if (stored) {
    lowerMemory(source, context, block, type, 'v', 'out');
  } else {
    const [flat = 'i32'] = layoutOf(type).flat;
    block.emit(`let r0 = ${zero(flat)};`);
    lowerFlat(source, context, block, type, 'v', new Targets([{ name: 'r0', type: flat }]));
    block.emit('return r0;');
  }
  return block.toString();
}

/** `f` is the function, or the class for constructors and static functions; methods are found on their object. */
function hostCall(imported: ImportedFunc | undefined, args: readonly string[]): string {
  const list = args.join(', ');
  if (imported?.name === undefined || imported.resource?.imported?.remote) return `f(${list})`;
  const { kind, name } = parseFuncName(imported.name);
  const member = quote(camelCase(name));
  switch (kind) {
    case 'constructor':
      return `new f(${list})`;
    case 'method':
      return `${args[0] ?? 'undefined'}[${member}](${args.slice(1).join(', ')})`;
    case 'static':
      return `f[${member}](${list})`;
    case 'free':
      return `f(${list})`;
  }
}

/** A function that the host calls: lowers parameters, calls the guest, lifts the result. */
function generateLift(source: Source, { type, options, owner, offset }: LiftedFunc, name: string): string {
  const context: AbiContext = { encoding: options.encoding, owner };
  const where = quote(name);
  const params = sequence(type.params.map((param) => param.type));
  const spilled = params.flat.length > MAX_FLAT_PARAMS;
  const result = type.result && layoutOf(type.result);
  const stored = result !== undefined && result.flat.length > 1;
  needMemory(options, stored || params.dynamic || spilled, params.dynamic || spilled, offset);

  const names = type.params.map((_, index) => `a${index}`);
  const flat = named(spilled ? ['i32'] : params.flat, 'f');
  const block = source.block();
  if (spilled) {
    block.emit(`f0 = x.allocate(${params.size}, ${params.align});`);
    type.params.forEach((param, index) =>
      lowerMemory(source, context, block, param.type, `a${index}`, `f0 + ${params.offsets[index] ?? 0}`),
    );
  } else {
    const targets = new Targets(flat);
    type.params.forEach((param, index) =>
      lowerFlat(source, context, block, param.type, `a${index}`, targets),
    );
  }
  const refresh = options.memory === undefined ? '' : 'if (x.bytes.length === 0) x.refresh();';
  return `(x, core, postReturn, async) => {
const { state } = x;
const finish = (r0) => {
let v, failed = false;
try {
${refresh}
${result?.dynamic === true ? 'x.startLifting();' : ''}
${liftOutcome(source, context, type.result, stored)}
${options.postReturn === undefined ? '' : 'x.cleanUp(postReturn, r0);'}
state.exit();
} catch (e) { throw state.instance.trap(e, ${where}); }
if (failed) throw new WitError(v);
return v;
};
const fail = (e) => { throw state.instance.trap(e, ${where}); };
return function (${names.join(', ')}) {
state.enter(${where});
${flat.map((each) => `let ${each.name} = ${zero(each.type)};`).join(' ')}
let r;
try {
${refresh}
${block.toString()}
r = core(${flat.map((each) => each.name).join(', ')});
} catch (e) { return fail(e); }
return async ? r.then(finish, fail) : finish(r);
};
}`;
}

/** Statements that set `v`, and `failed` for the error case, from the core function's result `r0`. */
function liftOutcome(
  source: Source,
  context: AbiContext,
  type: ValType | undefined,
  stored: boolean,
): string {
  if (type === undefined) return '';
  const block = source.block();
  const lift = (each: ValType, memoryOffset: number): string =>
    stored
      ? liftMemory(source, context, each, `p + ${memoryOffset}`)
      : liftFlat(
          source,
          context,
          block,
          each,
          new Flats([{ name: 'r0', type: layoutOf(each).flat[0] ?? 'i32' }]),
        );
  if (stored) {
    const { size, align } = layoutOf(type);
    block.emit(`const p = x.range(r0, ${size}, ${align});`);
  }
  if (type.kind !== 'result') {
    const value = lift(type, 0);
    block.emit(`v = ${value};`);
    return block.toString();
  }
  const { payload } = union([type.ok, type.err]);
  block.emit(`switch (${stored ? unsigned(1, 'p') : 'r0'}) {`);
  block.emit(`case 0: ${type.ok === undefined ? '' : `v = ${lift(type.ok, payload)};`} break;`);
  block.emit(
    `case 1: failed = true; ${type.err === undefined ? '' : `v = ${lift(type.err, payload)};`} break;`,
  );
  block.emit(`default: badCase(${stored ? unsigned(1, 'p') : 'r0'});`);
  block.emit('}');
  return block.toString();
}

const zero = (type: FlatType): string => (type === 'i64' ? '0n' : '0');

function needMemory(options: AbiOptions, memory: boolean, realloc: boolean, offset: number): void {
  if (memory && options.memory === undefined)
    throw new InvalidComponent('canonical function needs a memory', offset);
  if (realloc && options.realloc === undefined)
    throw new InvalidComponent('canonical function needs realloc', offset);
}
