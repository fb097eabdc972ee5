import type { Reader } from './reader';
import type {
  Alias,
  CoreSort,
  Declaration,
  Extern,
  Primitive,
  Sort,
  SortIndex,
  TypeDefinition,
  ValTypeRef,
} from './syntax';

/** Types within types; each level is an instance or component type. */
const MAX_DEPTH = 32;

const coreSorts: Readonly<Record<number, CoreSort>> = {
  0x00: 'func',
  0x01: 'table',
  0x02: 'memory',
  0x03: 'global',
  0x04: 'tag',
  0x10: 'type',
  0x11: 'module',
  0x12: 'instance',
};
const sorts: Readonly<Record<number, Sort>> = {
  0x01: 'func',
  0x02: 'value',
  0x03: 'type',
  0x04: 'component',
  0x05: 'instance',
};

export function readSort(reader: Reader): Sort {
  const start = reader.offset;
  const code = reader.byte();
  if (code !== 0x00) return sorts[code] ?? reader.fail(`unknown sort ${code}`, start);
  const core = coreSorts[reader.byte()] ?? reader.fail('unknown core sort', start);
  return `core ${core}`;
}

export function readSortIndex(reader: Reader): SortIndex {
  return { sort: readSort(reader), index: reader.u32() };
}

/** Of all grammars of such names, their characters. There is no underscore: names become keys of JavaScript objects, `__proto__` must not. */
const EXTERN_NAME = /^[a-zA-Z0-9[\]:/@.+<>=,{}*-]+$/;

/** The name of an import or export. Of the two marks that may come before it the older one said "an interface". */
export function readExternName(reader: Reader): string {
  const start = reader.offset;
  const mark = reader.byte();
  if (mark > 0x01) reader.fail(`unknown kind ${mark} of name`, start);
  const name = reader.name();
  if (!EXTERN_NAME.test(name)) reader.fail(`${JSON.stringify(name)} is not a name`, start);
  return name;
}

export function readExtern(reader: Reader): Extern {
  const start = reader.offset;
  const code = reader.byte();
  switch (code) {
    case 0x00:
      if (reader.byte() !== 0x11) reader.fail('unknown core sort of an import', start);
      return { sort: 'core module', type: reader.u32() };
    case 0x01:
      return { sort: 'func', type: reader.u32() };
    case 0x03: {
      const bound = reader.byte();
      if (bound > 0x01) reader.fail(`unknown type bound ${bound}`, start);
      return { sort: 'type', equals: bound === 0x00 ? reader.u32() : undefined };
    }
    case 0x04:
      return { sort: 'component', type: reader.u32() };
    case 0x05:
      return { sort: 'instance', type: reader.u32() };
    case 0x02:
      return reader.fail('values are not supported', start);
    default:
      return reader.fail(`unknown kind ${code} of import or export`, start);
  }
}

export function readAlias(reader: Reader): Alias {
  const sort = readSort(reader);
  const start = reader.offset;
  const target = reader.byte();
  switch (target) {
    case 0x00:
      return { target: 'export', sort, instance: reader.u32(), name: reader.name() };
    case 0x01:
      return { target: 'core export', sort, instance: reader.u32(), name: reader.name() };
    case 0x02:
      return { target: 'outer', sort, count: reader.u32(), index: reader.u32() };
    default:
      return reader.fail(`unknown alias target ${target}`, start);
  }
}

const primitiveCodes: Readonly<Record<number, Primitive>> = {
  0x7f: 'bool',
  0x7e: 's8',
  0x7d: 'u8',
  0x7c: 's16',
  0x7b: 'u16',
  0x7a: 's32',
  0x79: 'u32',
  0x78: 's64',
  0x77: 'u64',
  0x76: 'f32',
  0x75: 'f64',
  0x74: 'char',
  0x73: 'string',
};

/** A type index is a non-negative signed LEB128, so no first byte of one collides with a primitive's code. */
function readValType(reader: Reader): ValTypeRef {
  const code = reader.peek();
  const primitive = primitiveCodes[code];
  if (primitive !== undefined) {
    reader.byte();
    return primitive;
  }
  if (code >= 0x40 && code < 0x80) reader.fail(`value type 0x${code.toString(16)} is not supported here`);
  return reader.u32();
}

export function readType(reader: Reader, depth: number): TypeDefinition {
  if (depth > MAX_DEPTH) reader.fail(`types are nested more than ${MAX_DEPTH} deep`);
  const start = reader.offset;
  const code = reader.byte();
  const primitive = primitiveCodes[code];
  if (primitive !== undefined) return { kind: 'primitive', primitive };
  const valType = () => readValType(reader);
  const named = () => ({ name: reader.name(), value: readValType(reader) });
  switch (code) {
    case 0x40: {
      const params = reader.vector(named);
      return { kind: 'func', params, result: readResult(reader) };
    }
    case 0x41:
      return {
        kind: 'component',
        declarations: reader.vector(() => readDeclaration(reader, true, depth + 1)),
      };
    case 0x42:
      return {
        kind: 'instance',
        declarations: reader.vector(() => readDeclaration(reader, false, depth + 1)),
      };
    case 0x3f:
      if (reader.byte() !== 0x7f) reader.fail('resource is not represented by i32', start);
      return { kind: 'resource', destructor: reader.optional(() => reader.u32()) };
    case 0x72:
      return { kind: 'record', fields: reader.vector(named) };
    case 0x71:
      return { kind: 'variant', cases: reader.vector(() => readCase(reader)) };
    case 0x70:
      return { kind: 'list', element: readValType(reader) };
    case 0x6f:
      return { kind: 'tuple', elements: reader.vector(valType) };
    case 0x6e:
      return { kind: 'flags', labels: reader.vector(() => reader.name()) };
    case 0x6d:
      return { kind: 'enum', labels: reader.vector(() => reader.name()) };
    case 0x6b:
      return { kind: 'option', element: readValType(reader) };
    case 0x6a:
      return { kind: 'result', ok: reader.optional(valType), err: reader.optional(valType) };
    case 0x69:
      return { kind: 'own', resource: reader.u32() };
    case 0x68:
      return { kind: 'borrow', resource: reader.u32() };
    case 0x43:
    case 0x3e:
    case 0x66:
    case 0x65:
    case 0x64:
      return reader.fail(
        'types of the async proposal (async func, stream, future, error-context) are not supported',
        start,
      );
    case 0x67:
      return reader.fail('lists of fixed length are not supported', start);
    default:
      return reader.fail(`unknown type 0x${code.toString(16)}`, start);
  }
}

function readResult(reader: Reader): ValTypeRef | undefined {
  const start = reader.offset;
  const form = reader.byte();
  if (form === 0x00) return readValType(reader);
  if (form !== 0x01 || reader.byte() !== 0x00) reader.fail('named results are not supported', start);
  return undefined;
}

function readCase(reader: Reader): { name: string; value: ValTypeRef | undefined } {
  const name = reader.name();
  const value = reader.optional(() => readValType(reader));
  if (reader.byte() !== 0x00) reader.fail('cases that refine others are not supported', reader.offset - 1);
  return { name, value };
}

function readDeclaration(reader: Reader, ofComponent: boolean, depth: number): Declaration {
  const offset = reader.offset;
  const code = reader.byte();
  switch (code) {
    case 0x00:
      readCoreType(reader, depth);
      return { kind: 'core type' };
    case 0x01:
      return { kind: 'type', offset, type: readType(reader, depth) };
    case 0x02:
      return { kind: 'alias', offset, alias: readAlias(reader) };
    case 0x03:
      if (!ofComponent) reader.fail('an instance type cannot import', offset);
      return { kind: 'import', offset, name: readExternName(reader), extern: readExtern(reader) };
    case 0x04:
      return { kind: 'export', offset, name: readExternName(reader), extern: readExtern(reader) };
    default:
      return reader.fail(`unknown declaration ${code}`, offset);
  }
}

/** Reads past a core type: modules are given types by V8 when they are linked, so what a component says of them is not needed. */
export function readCoreType(reader: Reader, depth: number): void {
  if (depth > MAX_DEPTH) reader.fail(`types are nested more than ${MAX_DEPTH} deep`);
  const start = reader.offset;
  const code = reader.byte();
  if (code === 0x60) return readCoreFuncType(reader);
  if (code !== 0x50) reader.fail(`core type 0x${code.toString(16)} is not supported`, start);
  reader.vector(() => {
    const declaration = reader.byte();
    switch (declaration) {
      case 0x00:
        reader.name();
        reader.name();
        return readCoreExtern(reader);
      case 0x01:
        return readCoreType(reader, depth + 1);
      case 0x02:
        reader.range(2);
        reader.u32();
        return reader.u32();
      case 0x03:
        reader.name();
        return readCoreExtern(reader);
      default:
        return reader.fail(`unknown declaration ${declaration} of a core module type`);
    }
  });
}

function readCoreFuncType(reader: Reader): void {
  reader.vector(() => readCoreValType(reader));
  reader.vector(() => readCoreValType(reader));
}

function readCoreValType(reader: Reader): void {
  const code = reader.byte();
  // A reference to a type by index has the heap type behind it.
  if (code === 0x63 || code === 0x64) reader.u32();
}

function readCoreExtern(reader: Reader): void {
  const start = reader.offset;
  const limits = () => {
    const flags = reader.byte();
    reader.u64();
    if ((flags & 1) !== 0) reader.u64();
  };
  switch (reader.byte()) {
    case 0x00:
      reader.u32();
      return;
    case 0x01:
      readCoreValType(reader);
      return limits();
    case 0x02:
      return limits();
    case 0x03:
      readCoreValType(reader);
      reader.byte();
      return;
    case 0x04:
      reader.byte();
      reader.u32();
      return;
    default:
      return reader.fail('unknown kind of core import or export', start);
  }
}
