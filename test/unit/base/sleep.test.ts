import { sleep } from '../../../lib/base/sleep';

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
