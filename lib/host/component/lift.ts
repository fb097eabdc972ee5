/** Generates code that makes JavaScript values of what the guest has. `x` is the {@link Abi} of the generated function. */

import { arrays, at, isPlainOption, quote, type AbiContext, type Block, type Source } from './emitter';
import { casesOf, discriminantSize, layoutOf, sequence, union, type FlatType } from './layout';
import { camelCase, type TypeOf, type ValType } from './types';

/** Core values that are still to be lifted, each an expression of its type. */
export class Flats {
  private position = 0;

  constructor(private readonly values: readonly { readonly name: string; readonly type: FlatType }[]) {}

  /** The next value, as the type that is wanted of it: payloads of different cases share a wider one. */
  next(want: FlatType): string {
    const value = this.values[this.position++];
    if (value === undefined) throw new RangeError('A type has more core values than its layout says');
    return narrow(value.name, value.type, want);
  }

  /** The same place again, for another case. */
  fork(): Flats {
    const fork = new Flats(this.values);
    fork.position = this.position;
    return fork;
  }

  skip(count: number): void {
    this.position += count;
  }
}

function narrow(value: string, have: FlatType, want: FlatType): string {
  if (have === want) return value;
  if (have === 'i32') return `f32OfBits(${value})`;
  if (want === 'i32') return `i32OfI64(${value})`;
  return want === 'f32' ? `f32OfBits(i32OfI64(${value}))` : `f64OfBits(${value})`;
}

/** Writes what lifting flat values needs to `block` and returns the expression of the result. */
export function liftFlat(
  source: Source,
  context: AbiContext,
  block: Block,
  type: ValType,
  flats: Flats,
): string {
  const lift = (each: ValType): string => block.constant(liftFlat(source, context, block, each, flats));
  switch (type.kind) {
    case 'bool':
      return `${flats.next('i32')} !== 0`;
    case 'u8':
      return `${flats.next('i32')} & 255`;
    case 's8':
      return `${flats.next('i32')} << 24 >> 24`;
    case 'u16':
      return `${flats.next('i32')} & 65535`;
    case 's16':
      return `${flats.next('i32')} << 16 >> 16`;
    case 'u32':
      return `${flats.next('i32')} >>> 0`;
    case 's32':
      return `${flats.next('i32')} | 0`;
    case 'u64':
      return `BigInt.asUintN(64, ${flats.next('i64')})`;
    case 's64':
      return `BigInt.asIntN(64, ${flats.next('i64')})`;
    case 'f32':
      return `+${flats.next('f32')}`;
    case 'f64':
      return `+${flats.next('f64')}`;
    case 'char':
      return `charOf(${flats.next('i32')} >>> 0)`;
    case 'string':
      return `${stringLift(context)}(${flats.next('i32')} >>> 0, ${flats.next('i32')} >>> 0)`;
    case 'list':
      return `${listLift(source, context, type)}(x, ${flats.next('i32')} >>> 0, ${flats.next('i32')} >>> 0)`;
    case 'own':
    case 'borrow':
      return handleLift(type, flats.next('i32'));
    case 'flags':
      return `${flagsLift(source, type)}(${flats.next('i32')})`;
    case 'enum':
      return `${enumLift(source, type)}(${flats.next('i32')} >>> 0)`;
    case 'record':
      return recordOf(type.fields.map((field) => [field.name, lift(field.type)]));
    case 'tuple':
      return `[${type.elements.map(lift).join(', ')}]`;
    case 'variant':
    case 'option':
    case 'result': {
      const discriminant = flats.next('i32');
      const result = block.fresh('v');
      block.emit(`let ${result};`);
      block.emit(`switch (${discriminant}) {`);
      (casesOf(type) ?? []).forEach((payload, index) => {
        block.emit(`case ${index}: {`);
        const value = payload && liftFlat(source, context, block, payload, flats.fork());
        block.emit(`${result} = ${caseOf(type, index, value)}; break; }`);
      });
      block.emit(`default: badCase(${discriminant});`);
      block.emit('}');
      flats.skip(layoutOf(type).flat.length - 1);
      return result;
    }
  }
}

/** The expression that lifts what lies at an address; anything made of parts goes through a function of its own. */
export function liftMemory(source: Source, context: AbiContext, type: ValType, address: string): string {
  switch (type.kind) {
    case 'bool':
      return `x.view.getUint8(${address}) !== 0`;
    case 'u8':
      return `x.view.getUint8(${address})`;
    case 's8':
      return `x.view.getInt8(${address})`;
    case 'u16':
      return `x.view.getUint16(${address}, true)`;
    case 's16':
      return `x.view.getInt16(${address}, true)`;
    case 'u32':
      return `x.view.getUint32(${address}, true)`;
    case 's32':
      return `x.view.getInt32(${address}, true)`;
    case 'u64':
      return `x.view.getBigUint64(${address}, true)`;
    case 's64':
      return `x.view.getBigInt64(${address}, true)`;
    case 'f32':
      return `x.view.getFloat32(${address}, true)`;
    case 'f64':
      return `x.view.getFloat64(${address}, true)`;
    case 'char':
      return `charOf(x.view.getUint32(${address}, true))`;
    case 'string':
      return `${stringLift(context)}(${words(address)})`;
    case 'list':
      return `${listLift(source, context, type)}(x, ${words(address)})`;
    case 'own':
    case 'borrow':
      return handleLift(type, `x.view.getInt32(${address}, true)`);
    case 'flags':
      return `${flagsLift(source, type)}(${unsigned(layoutOf(type).size, address)})`;
    case 'enum':
      return `${enumLift(source, type)}(${unsigned(layoutOf(type).size, address)})`;
    default:
      return `${partsLift(source, context, type)}(x, ${address})`;
  }
}

function partsLift(
  source: Source,
  context: AbiContext,
  type: TypeOf<'record' | 'tuple' | 'variant' | 'option' | 'result'>,
): string {
  return source.helper('load', type, context, 'x, p', (body) => {
    const load = (each: ValType, offset: number): string =>
      liftMemory(source, context, each, at('p', offset));
    if (type.kind === 'record') {
      const types = type.fields.map((field) => field.type);
      const { offsets } = sequence(types);
      body.emit(
        `return ${recordOf(type.fields.map(({ name, type }, index) => [name, load(type, offsets[index] ?? 0)]))};`,
      );
    } else if (type.kind === 'tuple') {
      const { offsets } = sequence(type.elements);
      body.emit(
        `return [${type.elements.map((each, index) => load(each, offsets[index] ?? 0)).join(', ')}];`,
      );
    } else {
      const cases = casesOf(type) ?? [];
      const { payload } = union(cases);
      body.emit(`const tag = ${unsigned(discriminantSize(cases.length), 'p')};`);
      body.emit('switch (tag) {');
      cases.forEach((each, index) => {
        body.emit(`case ${index}: return ${caseOf(type, index, each && load(each, payload))};`);
      });
      body.emit('}\nbadCase(tag);');
    }
  });
}

function listLift(source: Source, context: AbiContext, type: TypeOf<'list'>): string {
  const { element } = type;
  return source.helper('list', type, context, 'x, p, n', (body) => {
    const array = arrays[element.kind];
    if (array !== undefined) return body.emit(`return x.numbers(${array}, p, n);`);
    const { size, align } = layoutOf(element);
    body.emit(`x.items(p, n, ${size}, ${align});`);
    body.emit('const items = [];');
    body.emit(
      `for (let i = 0; i < n; i++, p += ${size}) items.push(${liftMemory(source, context, element, 'p')});`,
    );
    body.emit('return items;');
  });
}

function handleLift(type: TypeOf<'own' | 'borrow'>, handle: string): string {
  const { id, owner } = type.resource;
  const rep = `x.handles.${type.kind === 'own' ? 'take' : 'rep'}(${handle}, ${id})`;
  if (owner < 0) return rep;
  return `x.resources[${id}].${type.kind === 'own' ? 'wrap' : 'lend'}(${rep})`;
}

function flagsLift(source: Source, type: TypeOf<'flags' | 'enum'>): string {
  const fields = type.labels.map((label, index): [string, string] => [label, `(bits & ${1 << index}) !== 0`]);
  return source.constant('flags', type, () => `(bits) => (${recordOf(fields)})`);
}

function enumLift(source: Source, type: TypeOf<'flags' | 'enum'>): string {
  const labels = source.constant('labels', type, () => `[${type.labels.map(quote).join(', ')}]`);
  return source.constant('enumOf', type, () => `(index) => ${labels}[index] ?? badCase(index)`);
}

function caseOf(
  type: TypeOf<'variant' | 'option' | 'result' | 'enum'>,
  index: number,
  value: string | undefined,
): string {
  if (isPlainOption(type)) return index === 0 ? 'undefined' : (value ?? 'undefined');
  const tag = quote(tagsOf(type)[index] ?? '');
  return value === undefined ? `{ tag: ${tag} }` : `{ tag: ${tag}, val: ${value} }`;
}

/** The tags of a variant's cases in JavaScript. */
export function tagsOf(type: ValType): readonly string[] {
  switch (type.kind) {
    case 'variant':
      return type.cases.map((each) => each.name);
    case 'option':
      return ['none', 'some'];
    case 'result':
      return ['ok', 'err'];
    default:
      return [];
  }
}

const recordOf = (fields: readonly (readonly [string, string])[]): string =>
  `{ ${fields.map(([name, value]) => `${quote(camelCase(name))}: ${value}`).join(', ')} }`;

/** An address and a length that lie behind one another. */
const words = (address: string): string =>
  `x.view.getUint32(${address}, true), x.view.getUint32(${address} + 4, true)`;

export function unsigned(size: number, address: string): string {
  return size === 1 ? `x.view.getUint8(${address})` : `x.view.getUint${size * 8}(${address}, true)`;
}

const stringLifts = { utf8: 'x.utf8', utf16: 'x.utf16', 'latin1+utf16': 'x.latin1OrUtf16' } as const;
const stringLift = (context: AbiContext): string => stringLifts[context.encoding];
