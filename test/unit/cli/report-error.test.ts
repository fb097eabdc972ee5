import { KasmError } from '../../../lib/base/errors';
import { Interrupted, reportError } from '../../../lib/cli/report-error';

let err = '';

beforeEach(() => {
  err = '';
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true));
});

afterEach(() => jest.restoreAllMocks());

test.each([
  [new KasmError('No x'), 'error: No x\n'],
  [new KasmError('No x', 'Give x'), 'error: No x\nGive x\n'],
  [new KasmError('No x', 'Give x', { cause: new Error('gone') }), 'error: No x: gone\nGive x\n'],
  [new KasmError('No x: gone', 'Give x', { cause: new Error('gone\n') }), 'error: No x: gone\nGive x\n'],
])('%p: what, why, and the remedy below, each once', (error, text) => {
  expect(reportError(error, false)).toBe(1);
  expect(err).toBe(text);
});

test('an interruption ends as shells expect', () => {
  expect(reportError(new Interrupted('Stopped'), false)).toBe(130);
  expect(err).toBe('Stopped\n');
});
