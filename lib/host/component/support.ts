/** Small functions that generated code calls by these names. */

import { WitError } from '../engine/engine';
import { payloadOf } from './abi';
import { Trap } from './errors';

const bits = new DataView(new ArrayBuffer(8));

export const support = {
  WitError,
  Trap,
  payloadOf,

  isPromise(value: unknown): boolean {
    return (
      typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
    );
  },

  badCase(index: unknown): never {
    throw new Trap(`there is no case ${String(index)}`);
  },

  badTag(tag: unknown, known: string): never {
    throw new Trap(`expected one of ${known}, not ${describe(tag)}`);
  },

  badValue(value: unknown, type: string): never {
    throw new Trap(`expected a value of type ${type}, not ${describe(value)}`);
  },

  charOf(code: number): string {
    if (code >= 0x110000 || (code >= 0xd800 && code <= 0xdfff)) {
      throw new Trap(`0x${code.toString(16)} is not a character`);
    }
    return String.fromCodePoint(code);
  },

  codePointOf(value: unknown): number {
    const code = typeof value === 'string' ? value.codePointAt(0) : undefined;
    const length = code === undefined ? 0 : code > 0xffff ? 2 : 1;
    if (code === undefined || (code >= 0xd800 && code <= 0xdfff) || (value as string).length !== length) {
      throw new Trap(`expected one character, not ${describe(value)}`);
    }
    return code;
  },

  u64Of(value: unknown): bigint {
    const integer = bigintOf(value);
    return BigInt.asUintN(64, integer) === integer ? integer : support.badValue(value, 'u64');
  },

  s64Of(value: unknown): bigint {
    const integer = bigintOf(value);
    return BigInt.asIntN(64, integer) === integer ? integer : support.badValue(value, 's64');
  },

  i32OfI64(value: bigint): number {
    return Number(BigInt.asIntN(32, value));
  },

  f32OfBits(value: number): number {
    bits.setInt32(0, value);
    return bits.getFloat32(0);
  },

  bitsOfF32(value: number): number {
    bits.setFloat32(0, value);
    return bits.getInt32(0);
  },

  f64OfBits(value: bigint): number {
    bits.setBigInt64(0, value);
    return bits.getFloat64(0);
  },

  bitsOfF64(value: number): bigint {
    bits.setFloat64(0, value);
    return bits.getBigInt64(0);
  },
};

function bigintOf(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (Number.isSafeInteger(value)) return BigInt(value as number);
  return support.badValue(value, 'integer');
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  return typeof value === 'number' || typeof value === 'bigint'
    ? String(value)
    : value === null
      ? 'null'
      : typeof value;
}
