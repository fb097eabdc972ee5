import { sleep, within } from '../../../lib/base/sleep';

test('an abort rejects with its reason, before and during the sleep', async () => {
  await expect(sleep(60_000, AbortSignal.abort(new Error('already')))).rejects.toThrow('already');
  const controller = new AbortController();
  const sleeping = sleep(60_000, controller.signal);
  controller.abort(new Error('enough'));
  await expect(sleeping).rejects.toThrow('enough');
});

test('it resolves by itself', async () => {
  await expect(sleep(1)).resolves.toBeUndefined();
});

describe('within', () => {
  test('tells whether work ended in its time, and fails as it does', async () => {
    jest.useFakeTimers();
    try {
      await expect(within(50, Promise.resolve())).resolves.toBe(true);
      await expect(within(50, Promise.reject(new Error('no')))).rejects.toThrow('no');
      expect(jest.getTimerCount()).toBe(0);
      const late = within(50, new Promise(() => undefined));
      await jest.advanceTimersByTimeAsync(50);
      await expect(late).resolves.toBe(false);
    } finally {
      jest.useRealTimers();
    }
  });
});
