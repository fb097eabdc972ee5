import { bytesOf } from '../../../lib/base/quantity';

it.each([
  [1024, 1024],
  ['1024', 1024],
  ['64Mi', 64 * 1024 * 1024],
  ['2k', 2000],
  ['1Gi', 2 ** 30],
])('%s is %d bytes', (quantity, bytes) => {
  expect(bytesOf(quantity)).toBe(bytes);
});

it.each(['', 'Mi', '1.5Gi', '-1', '5T'])('refuses %j', (quantity) => {
  expect(() => bytesOf(quantity)).toThrow('not an amount of memory');
});
