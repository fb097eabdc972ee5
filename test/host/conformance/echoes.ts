import { isWitError } from '../../../lib/base/wit-error';
import { camelCase } from '../../../lib/lattice/wrpc/types';
import type { Provider } from '../../../lib/provider';
import { type Case, type Maker, functionOf, values } from './cases';
import { describeValue } from './describe';

/** Calls a function of the interface, by its name in WIT. */
export type Call = (func: string, args: unknown[]) => Promise<unknown>;

/** Calls a component of a lattice from a program that is connected to it. */
export function over(caller: Provider, id: string, served = values): Call {
  const target = caller.target(id, served, { deadlineMs: 120_000 }) as Record<
    string,
    (...args: unknown[]) => Promise<unknown>
  >;
  return (func, args) => target[camelCase(func)]!(...args);
}

/** Sends all values of a case through components of one making, and expects each of them back as it was. */
export async function expectEchoes(each: Case, maker: Maker, call: Call): Promise<void> {
  const { type, spread, values: all, beyondJavaScript = [] } = each;
  for (const value of maker === 'JavaScript' ? all : [...all, ...beyondJavaScript]) {
    const args = spread ? (value as unknown[]) : [value];
    const takesNothing = args.length === 0;
    // Last comes what the guests should see.
    const answered = call(functionOf(each), takesNothing ? [] : [...args, describeValue(value)]);
    const found = type.kind === 'result' ? await outcome(answered) : await answered;
    expectSame(found, takesNothing ? undefined : value);
  }
}

/** What a function gave that returns a result, as the value that it would be as a parameter. */
async function outcome(answer: Promise<unknown>): Promise<unknown> {
  try {
    return { tag: 'ok', val: await answer };
  } catch (error) {
    if (!isWitError(error)) throw error;
    return { tag: 'err', val: error.payload };
  }
}

/** Bytes are compared as such: jest takes seconds for millions of them. */
function expectSame(found: unknown, value: unknown): void {
  if (!(value instanceof Uint8Array)) return expect(found).toEqual(value);
  expect(found).toBeInstanceOf(Uint8Array);
  expect(Buffer.from(found as Uint8Array).equals(value)).toBe(true);
}
