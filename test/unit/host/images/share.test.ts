import { SharedWork } from '../../../../lib/host/images/share';

/** Work that ends when it is told to, or when it is aborted. */
function work(): { shared: SharedWork; finish: (error?: Error) => void; aborted: () => boolean } {
  let finish!: (error?: Error) => void;
  let signal!: AbortSignal;
  const shared = new SharedWork((given) => {
    signal = given;
    return new Promise((resolve, reject) => {
      finish = (error) => (error === undefined ? resolve() : reject(error));
      given.addEventListener('abort', () => reject(given.reason as Error));
    });
  });
  return { shared, finish, aborted: () => signal.aborted };
}

it('gives all who wait the same result', async () => {
  const { shared, finish } = work();
  const joined = [shared.join(undefined), shared.join(undefined)];
  finish(new Error('failed'));
  for (const each of joined) await expect(each).rejects.toThrow('failed');
});

it('goes on while anybody waits, and ends when nobody does', async () => {
  const { shared, aborted } = work();
  const [one, two] = [new AbortController(), new AbortController()];
  const first = shared.join(one.signal);
  const second = shared.join(two.signal);
  one.abort(new Error('left first'));
  await expect(first).rejects.toThrow('left first');
  expect(aborted()).toBe(false);
  two.abort(new Error('left second'));
  await expect(second).rejects.toThrow('left second');
  expect(shared.abandoned).toBe(true);
  expect(aborted()).toBe(true);
  await shared.ended();
});

it('is not joined by who has left already', async () => {
  const { shared, finish } = work();
  const staying = shared.join(undefined);
  await expect(shared.join(AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
  finish();
  await staying;
});
