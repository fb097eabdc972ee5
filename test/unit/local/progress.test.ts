import { duration, during, progressTo, type ProgressStream } from '../../../lib/local/progress';

function recorder(isTTY: boolean): ProgressStream & { text: string } {
  return {
    isTTY,
    columns: 40,
    text: '',
    write(text: string) {
      this.text += text;
    },
  };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('away from a terminal', () => {
  test('a step is a line at its begin and a line at its end, with the time it took', () => {
    const stream = recorder(false);
    const step = progressTo(stream).step('Building kine');
    jest.advanceTimersByTime(65_000);
    step.done();
    expect(stream.text).toBe('Building kine ...\nBuilding kine: done (1 min 05 s)\n');
  });

  test('details come at most every five seconds, and never twice in a row', () => {
    const stream = recorder(false);
    const step = progressTo(stream).step('Waiting');
    step.update('a');
    jest.advanceTimersByTime(5000);
    step.update('b');
    step.update('c');
    jest.advanceTimersByTime(5000);
    step.update('b');
    step.update('c');
    step.fail();
    expect(stream.text.split('\n')).toEqual([
      'Waiting ...',
      'Waiting: b (5 s)',
      'Waiting: c (10 s)',
      'Waiting: failed (10 s)',
      '',
    ]);
  });
});

describe('on a terminal', () => {
  test('one line is drawn over and over, cut at the width, and settles', () => {
    const stream = recorder(true);
    const step = progressTo(stream).step('Waiting');
    step.update('x'.repeat(100));
    jest.advanceTimersByTime(2000);
    step.done();
    const drawn = stream.text.split('\r\x1b[K').slice(1);
    expect(drawn.length).toBeGreaterThan(10);
    for (const line of drawn) expect(line.length).toBeLessThan(40);
    expect(drawn.at(-1)).toBe('✓ Waiting (2 s)\n');
    const settled = stream.text;
    jest.advanceTimersByTime(1000);
    expect(stream.text).toBe(settled);
  });
});

test('during ends the step as the work ends', async () => {
  const stream = recorder(false);
  const progress = progressTo(stream);
  await expect(during(progress, 'One', async () => 1)).resolves.toBe(1);
  await expect(during(progress, 'Two', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(stream.text).toBe('One ...\nOne: done\nTwo ...\nTwo: failed\n');
});

test.each([
  [900, '1 s'],
  [59_400, '59 s'],
  [60_000, '1 min 00 s'],
  [754_000, '12 min 34 s'],
])('%d ms is %s', (ms, text) => expect(duration(ms)).toBe(text));
