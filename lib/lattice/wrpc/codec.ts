import { compileAsync } from './codec-async';
import { compileNumberList, compilePrimitive } from './codec-primitive';
import type { Codec } from './coding';
import { mismatch, placed } from './mismatch';
import { type WitType, camelCase } from './types';

const compiled = new WeakMap<WitType, Codec>();

/** The codec of a type: closures composed once, so that a call looks nothing up. */
export function codecOf(type: WitType): Codec {
  let codec = compiled.get(type);
  if (codec === undefined) compiled.set(type, (codec = compile(type)));
  return codec;
}

function compile(type: WitType): Codec {
  switch (type.kind) {
    case 'list':
      return compileNumberList(type.element.kind) ?? compileList(codecOf(type.element));
    case 'record':
      return compileRecord(type.fields.map(({ name, type }) => [camelCase(name), codecOf(type)]));
    case 'tuple':
      return compileTuple(type.elements.map(codecOf));
    case 'variant':
      return compileVariant(type.cases.map(({ name, type }) => [name, type && codecOf(type)]));
    case 'result':
      return compileVariant([
        ['ok', type.ok && codecOf(type.ok)],
        ['err', type.err && codecOf(type.err)],
      ]);
    case 'enum':
      return compileEnum(type.names);
    case 'flags':
      return compileFlags(type.names.map(camelCase));
    case 'option':
      return compileOption(codecOf(type.element));
    case 'stream':
    case 'future':
      return compileAsync(type.kind, type.element.kind === 'u8', codecOf(type.element));
    case 'own':
    case 'borrow':
      return compileNumberList('u8') as Codec;
    default:
      return compilePrimitive(type.kind);
  }
}

const child = (path: string, index: number): string => (path === '' ? `${index}` : `${path}.${index}`);

function compileList(element: Codec): Codec {
  return {
    minBytes: 1,
    memory: 64,
    defers: element.defers,
    nullable: false,
    encode(out, value, path) {
      if (!Array.isArray(value)) throw mismatch('an array', value);
      out.unsigned(value.length);
      let at = 0;
      try {
        for (; at < value.length; at++) element.encode(out, value[at], element.defers ? child(path, at) : '');
      } catch (error) {
        throw placed(error, at);
      }
    },
    decode(input, path) {
      const count = input.unsigned();
      // The count is the peer's word: it must be backed by bytes before it becomes an array.
      input.expect(count * element.minBytes);
      input.charge(count * (8 + element.memory));
      const items: unknown[] = [];
      for (let at = 0; at < count; at++)
        items.push(element.decode(input, element.defers ? child(path, at) : ''));
      return items;
    },
  };
}

const sum = (codecs: readonly (Codec | undefined)[], pick: (codec: Codec) => number): number =>
  codecs.reduce((total, codec) => total + (codec ? pick(codec) : 0), 0);

function compileRecord(fields: readonly (readonly [string, Codec])[]): Codec {
  const codecs = fields.map(([, codec]) => codec);
  const defers = codecs.some((codec) => codec.defers);
  return {
    minBytes: sum(codecs, (codec) => codec.minBytes),
    memory: 32 + sum(codecs, (codec) => 8 + codec.memory),
    defers,
    nullable: false,
    encode(out, value, path) {
      if (typeof value !== 'object' || value === null) throw mismatch('an object', value);
      let at = 0;
      let name = '';
      try {
        for (const field of fields) {
          name = field[0];
          field[1].encode(out, (value as Record<string, unknown>)[name], defers ? child(path, at) : '');
          at++;
        }
      } catch (error) {
        throw placed(error, name);
      }
    },
    decode(input, path) {
      const value: Record<string, unknown> = {};
      let at = 0;
      for (const field of fields) value[field[0]] = field[1].decode(input, defers ? child(path, at++) : '');
      return value;
    },
  };
}

/** Also the codec of a parameter list: its indexes are the first step of every path. */
export function compileTuple(elements: readonly Codec[]): Codec {
  const defers = elements.some((codec) => codec.defers);
  return {
    minBytes: sum(elements, (codec) => codec.minBytes),
    memory: 32 + sum(elements, (codec) => 8 + codec.memory),
    defers,
    nullable: false,
    encode(out, value, path) {
      if (!Array.isArray(value) || value.length !== elements.length) {
        throw mismatch(`an array of ${elements.length}`, value);
      }
      let at = 0;
      try {
        for (const element of elements) {
          element.encode(out, value[at], defers ? child(path, at) : '');
          at++;
        }
      } catch (error) {
        throw placed(error, at);
      }
    },
    decode(input, path) {
      const value: unknown[] = [];
      for (const element of elements)
        value.push(element.decode(input, defers ? child(path, value.length) : ''));
      return value;
    },
  };
}

function compileVariant(cases: readonly (readonly [string, Codec | undefined])[]): Codec {
  const payloads = cases.map(([, codec]) => codec);
  const index = new Map(cases.map(([name], at) => [name, at]));
  return {
    minBytes: 1 + Math.min(...payloads.map((codec) => codec?.minBytes ?? 0)),
    memory: 48 + Math.max(...payloads.map((codec) => codec?.memory ?? 0)),
    defers: payloads.some((codec) => codec?.defers),
    nullable: false,
    encode(out, value, path) {
      const { tag, val } = (value ?? {}) as { tag?: string; val?: unknown };
      const at = index.get(tag as string);
      if (at === undefined) throw mismatch(`a tag of ${[...index.keys()].join(', ')}`, tag ?? value);
      out.unsigned(at);
      try {
        payloads[at]?.encode(out, val, path);
      } catch (error) {
        throw placed(error, tag as string);
      }
    },
    decode(input, path) {
      const at = input.unsigned();
      const found = cases[at];
      if (found === undefined) throw input.malformed(`case ${at} of a variant of ${cases.length}`);
      return found[1] ? { tag: found[0], val: found[1].decode(input, path) } : { tag: found[0] };
    },
  };
}

function compileEnum(names: readonly string[]): Codec {
  const index = new Map(names.map((name, at) => [name, at]));
  return {
    minBytes: 1,
    memory: 0,
    defers: false,
    nullable: false,
    encode(out, value) {
      const at = index.get(value as string);
      if (at === undefined) throw mismatch(`one of ${names.join(', ')}`, value);
      out.unsigned(at);
    },
    decode(input) {
      const at = input.unsigned();
      const name = names[at];
      if (name === undefined) throw input.malformed(`case ${at} of an enum of ${names.length}`);
      return name;
    },
  };
}

function compileFlags(names: readonly string[]): Codec {
  const size = Math.ceil(names.length / 8);
  return {
    minBytes: size,
    memory: 32 + 8 * names.length,
    defers: false,
    nullable: false,
    encode(out, value) {
      if (typeof value !== 'object' || value === null) throw mismatch('an object of booleans', value);
      for (let byte = 0; byte < size; byte++) {
        let bits = 0;
        for (let bit = 0; bit < 8; bit++) {
          const name = names[byte * 8 + bit];
          if (name !== undefined && (value as Record<string, unknown>)[name]) bits |= 1 << bit;
        }
        out.byte(bits);
      }
    },
    decode(input) {
      const value: Record<string, boolean> = {};
      let bits = 0;
      names.forEach((name, at) => {
        if (at % 8 === 0) bits = input.byte();
        value[name] = (bits & (1 << (at % 8))) !== 0;
      });
      return value;
    },
  };
}

/** `undefined` is none; where the element can be undefined itself, both cases are tagged, as in jco. */
function compileOption(element: Codec): Codec {
  const tagged = element.nullable;
  return {
    minBytes: 1,
    memory: (tagged ? 48 : 0) + element.memory,
    defers: element.defers,
    nullable: !tagged,
    encode(out, value, path) {
      const present = tagged ? (value as { tag?: unknown } | undefined)?.tag === 'some' : value != null;
      out.byte(present ? 1 : 0);
      if (present) element.encode(out, tagged ? (value as { val: unknown }).val : value, path);
    },
    decode(input, path) {
      const present = input.byte();
      if (present > 1) throw input.malformed(`option tag ${present}`);
      if (!tagged) return present ? element.decode(input, path) : undefined;
      return present ? { tag: 'some', val: element.decode(input, path) } : { tag: 'none' };
    },
  };
}
