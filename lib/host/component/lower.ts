/** Generates code that gives JavaScript values to the guest. `x` is the {@link Abi} of the generated function. */

import { arrays, at, isPlainOption, quote, type AbiContext, type Block, type Source } from './emitter';
import { casesOf, discriminantSize, layoutOf, sequence, union, type FlatType } from './layout';
import { tagsOf } from './lift';
import { camelCase, type TypeOf, type ValType } from './types';

/** Local variables that take the core values, in order; each starts as zero. */
export class Targets {
  private position = 0;

  constructor(private readonly variables: readonly { readonly name: string; readonly type: FlatType }[]) {}

  /** Assigns the next one, which may be wider than the value. */
  assign(block: Block, value: string, have: FlatType): void {
    const variable = this.variables[this.position++];
    if (variable === undefined) throw new RangeError('A type has more core values than its layout says');
    block.emit(`${variable.name} = ${widen(value, have, variable.type)};`);
  }

  fork(): Targets {
    const fork = new Targets(this.variables);
    fork.position = this.position;
    return fork;
  }

  skip(count: number): void {
    this.position += count;
  }
}

function widen(value: string, have: FlatType, want: FlatType): string {
  if (have === want) return value;
  if (want === 'i32') return `bitsOfF32(${value})`;
  if (have === 'i32') return `BigInt((${value}) >>> 0)`;
  return have === 'f32' ? `BigInt(bitsOfF32(${value}) >>> 0)` : `bitsOfF64(${value})`;
}

/** Writes the code that lowers `value`, a local name, to core values. */
export function lowerFlat(
  source: Source,
  context: AbiContext,
  block: Block,
  type: ValType,
  value: string,
  targets: Targets,
): void {
  const { flat } = layoutOf(type);
  const part = (each: ValType, expression: string): void =>
    lowerFlat(source, context, block, each, block.constant(expression), targets);
  switch (type.kind) {
    case 'string':
    case 'list':
      targets.assign(block, pointerTo(source, context, type, value), 'i32');
      return targets.assign(block, 'x.length', 'i32');
    case 'record':
      return type.fields.forEach((field) => part(field.type, `${value}[${quote(camelCase(field.name))}]`));
    case 'tuple':
      checkTuple(block, type, value);
      return type.elements.forEach((each, index) => part(each, `${value}[${index}]`));
    case 'variant':
    case 'option':
    case 'result':
      lowerCases(block, type, value, (index, payload, inner) => {
        const own = targets.fork();
        own.assign(block, String(index), 'i32');
        if (payload !== undefined) lowerFlat(source, context, block, payload, inner, own);
      });
      return targets.skip(flat.length);
    default:
      return targets.assign(block, scalar(source, context, type, value), flat[0] ?? 'i32');
  }
}

/** Writes the code that stores `value`, an expression, at an address. */
export function lowerMemory(
  source: Source,
  context: AbiContext,
  block: Block,
  type: ValType,
  value: string,
  address: string,
): void {
  const set = (method: string, expression: string): void =>
    block.emit(`x.view.set${method}(${address}, ${expression}${method.endsWith('8') ? '' : ', true'});`);
  switch (type.kind) {
    case 'string':
    case 'list': {
      const pointer = block.constant(pointerTo(source, context, type, value), 'q');
      // The length first: nothing else may be lowered before it is read.
      block.emit(`x.view.setUint32(${address} + 4, x.length, true);`);
      return set('Uint32', pointer);
    }
    case 'u64':
      return set('BigUint64', scalar(source, context, type, value));
    case 's64':
      return set('BigInt64', scalar(source, context, type, value));
    case 'f32':
      return set('Float32', scalar(source, context, type, value));
    case 'f64':
      return set('Float64', scalar(source, context, type, value));
    case 'record':
    case 'tuple':
    case 'variant':
    case 'option':
    case 'result':
      return block.emit(`${partsLower(source, context, type)}(x, ${value}, ${address});`);
    default:
      return set(`Uint${layoutOf(type).size * 8}`, scalar(source, context, type, value));
  }
}

function partsLower(
  source: Source,
  context: AbiContext,
  type: TypeOf<'record' | 'tuple' | 'variant' | 'option' | 'result'>,
): string {
  return source.helper('store', type, context, 'x, v, p', (body) => {
    const store = (each: ValType, value: string, offset: number): void =>
      lowerMemory(source, context, body, each, value, at('p', offset));
    if (type.kind === 'record') {
      const { offsets } = sequence(type.fields.map((field) => field.type));
      type.fields.forEach((field, index) => {
        store(field.type, body.constant(`v[${quote(camelCase(field.name))}]`), offsets[index] ?? 0);
      });
    } else if (type.kind === 'tuple') {
      checkTuple(body, type, 'v');
      const { offsets } = sequence(type.elements);
      type.elements.forEach((each, index) => store(each, body.constant(`v[${index}]`), offsets[index] ?? 0));
    } else {
      const cases = casesOf(type) ?? [];
      const { payload: offset } = union(cases);
      const bits = discriminantSize(cases.length) * 8;
      lowerCases(body, type, 'v', (index, payload, inner) => {
        body.emit(`x.view.setUint${bits}(p, ${index}${bits === 8 ? '' : ', true'});`);
        if (payload !== undefined) store(payload, inner, offset);
      });
    }
  });
}

/** Writes the choice between cases; `write` writes what one of them does with its payload, a local name. */
function lowerCases(
  block: Block,
  type: TypeOf<'variant' | 'option' | 'result' | 'enum'>,
  value: string,
  write: (index: number, payload: ValType | undefined, inner: string) => void,
): void {
  const cases = casesOf(type) ?? [];
  if (isPlainOption(type)) {
    block.emit(`if (${value} === undefined || ${value} === null) {`);
    write(0, undefined, '');
    block.emit('} else {');
    write(1, cases[1], value);
    return block.emit('}');
  }
  const tags = tagsOf(type);
  block.emit(`switch (${value}.tag) {`);
  cases.forEach((payload, index) => {
    block.emit(`case ${quote(tags[index] ?? '')}: {`);
    write(index, payload, payload === undefined ? '' : block.constant(`${value}.val`));
    block.emit('break; }');
  });
  block.emit(`default: badTag(${value}.tag, ${quote(tags.slice(0, 8).join(', '))});`);
  block.emit('}');
}

/** The expression of a type that is one core value. */
function scalar(source: Source, context: AbiContext, type: ValType, value: string): string {
  const integer = (test: string): string =>
    `(${test} === ${value} ? ${value} : badValue(${value}, ${quote(type.kind)}))`;
  switch (type.kind) {
    case 'bool':
      return `(${value} === true ? 1 : ${value} === false ? 0 : badValue(${value}, 'bool'))`;
    case 'u8':
      return integer(`(${value} & 255)`);
    case 's8':
      return integer(`(${value} << 24 >> 24)`);
    case 'u16':
      return integer(`(${value} & 65535)`);
    case 's16':
      return integer(`(${value} << 16 >> 16)`);
    case 'u32':
      return integer(`(${value} >>> 0)`);
    case 's32':
      return integer(`(${value} | 0)`);
    case 'u64':
      return `u64Of(${value})`;
    case 's64':
      return `s64Of(${value})`;
    case 'f32':
    case 'f64':
      return `(typeof ${value} === 'number' ? ${value} : badValue(${value}, ${quote(type.kind)}))`;
    case 'char':
      return `codePointOf(${value})`;
    case 'flags':
      return `(${type.labels.map((label, index) => `(${value}[${quote(camelCase(label))}] ? ${1 << index} : 0)`).join(' | ')})`;
    case 'enum': {
      const indices = source.constant(
        'indices',
        type,
        () => `new Map([${type.labels.map((label, index) => `[${quote(label)}, ${index}]`).join(', ')}])`,
      );
      return `(${indices}.get(${value}) ?? badTag(${value}, ${quote(type.labels.slice(0, 8).join(', '))}))`;
    }
    case 'own':
    case 'borrow':
      return handleLower(context, type, value);
    default:
      throw new TypeError(`${type.kind} is more than one core value`);
  }
}

function handleLower(context: AbiContext, type: TypeOf<'own' | 'borrow'>, value: string): string {
  const { id, owner } = type.resource;
  const resource = `x.resources[${id}]`;
  if (type.kind === 'own') return `x.handles.own(${id}, ${resource}.release(${value}))`;
  // A component knows its own resources by what it gave for them.
  return owner === context.owner
    ? `${resource}.rep(${value})`
    : `x.handles.borrow(${id}, ${resource}.rep(${value}))`;
}

/** The expression of the address at which a string or list is stored; its length is in `x.length` until the next is lowered. */
function pointerTo(source: Source, context: AbiContext, type: ValType, value: string): string {
  if (type.kind !== 'list') return `${stringLowers[context.encoding]}(${value})`;
  const { element } = type;
  const helper = source.helper('lowerList', type, context, 'x, v', (body) => {
    const array = arrays[element.kind];
    const { size, align } = layoutOf(element);
    if (array !== undefined) {
      const bad = `each => ${scalar(source, context, element, 'each')}`;
      return body.emit(`return x.storeNumbers(${array}, v, ${bad});`);
    }
    body.emit("const n = Array.isArray(v) ? v.length : badValue(v, 'list');");
    body.emit(`const base = x.allocate(n * ${size}, ${align});`);
    body.emit(`for (let i = 0, p = base; i < n; i++, p += ${size}) {`);
    body.emit('const each = v[i];');
    lowerMemory(source, context, body, element, 'each', 'p');
    body.emit('}\nx.length = n;\nreturn base;');
  });
  return `${helper}(x, ${value})`;
}

function checkTuple(block: Block, type: TypeOf<'tuple'>, value: string): void {
  const count = type.elements.length;
  block.emit(
    `if (!Array.isArray(${value}) || ${value}.length !== ${count}) badValue(${value}, 'tuple of ${count}');`,
  );
}

const stringLowers = {
  utf8: 'x.storeUtf8',
  utf16: 'x.storeUtf16',
  'latin1+utf16': 'x.storeLatin1OrUtf16',
} as const;
