import fc from 'fast-check';
import { witType } from '../../../lib/host/component';
import { anyType, anyValue } from '../component/arbitrary';
import type { Case } from './cases';

const anyCase = fc.oneof(
  anyType.chain((type) =>
    fc.record({
      type: fc.constant(witType(type)),
      values: fc.array(anyValue(type), { minLength: 1, maxLength: 4 }),
    }),
  ),
  fc.array(anyType, { minLength: 2, maxLength: 9 }).chain((types) =>
    fc.record({
      type: fc.constant(witType({ kind: 'tuple', elements: types })),
      values: fc.array(fc.tuple(...types.map(anyValue)), { minLength: 1, maxLength: 2 }),
      spread: fc.constant(true),
    }),
  ),
);

/** Functions of any types with any values of theirs; the same seed gives the same. */
export function randomCases(seed: number, count: number): Case[] {
  return fc
    .sample(anyCase, { seed, numRuns: count })
    .map((each, index) => ({ name: `random-n${index}`, ...each }));
}
