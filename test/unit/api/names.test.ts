import fc from 'fast-check';
import { labelValue } from '../../../lib/api';

const valid = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;

test('a text that is a label value stays as it is', () => {
  for (const text of ['', 'a', 'echo', 'registry.example_v-1', 'x'.repeat(63)])
    expect(labelValue(text)).toBe(text);
});

test('a text that is none keeps its readable part and gets a hash', () => {
  expect(labelValue('HTTP Server')).toMatch(/^HTTP-Server-[0-9a-f]{10}$/);
  expect(labelValue('x'.repeat(64))).toMatch(/^x{52}-[0-9a-f]{10}$/);
  expect(labelValue('::')).toMatch(/^[0-9a-f]{10}$/);
});

test('every text gives a valid value, and different texts different ones', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), fc.string({ maxLength: 200 }), (a, b) => {
      expect(labelValue(a)).toMatch(valid);
      expect(labelValue(a) === labelValue(b)).toBe(a === b);
    }),
  );
});
