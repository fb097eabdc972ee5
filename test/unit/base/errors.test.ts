import { KasmError, TerminalError, messageOf } from '../../../lib/base/errors';

test('the remedy stands behind the message', () => {
  expect(new KasmError('spec.image is empty', 'Name an OCI reference').message).toBe(
    'spec.image is empty. Name an OCI reference',
  );
  expect(new KasmError('spec.image is empty').message).toBe('spec.image is empty');
});

test('a terminal error carries the reason of its condition', () => {
  const error = new TerminalError('ImageNotFound', 'no image x', 'Push it first');
  expect(error).toBeInstanceOf(KasmError);
  expect([error.reason, error.remedy, error.name]).toEqual([
    'ImageNotFound',
    'Push it first',
    'TerminalError',
  ]);
});

test('messageOf follows causes and takes anything that was thrown', () => {
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { cause: new TypeError() });
  expect(messageOf(new KasmError('cannot reach the API server', undefined, { cause }))).toBe(
    'cannot reach the API server: connect ECONNREFUSED: TypeError',
  );
  expect(messageOf('plain')).toBe('plain');
});
