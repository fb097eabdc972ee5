import { eventually } from '../integration/eventually';
import { Serving, scraped } from './serving';

describe.each([
  ['that its own workers serve', true],
  ['that the main thread hands to a worker', false],
])('An actor that nobody calls, on connections %s', (_, direct) => {
  it('gives up its worker and is woken by the next calls, of which none fails', async () => {
    const lab = await Serving.start('hello.wat', { instances: 8 }, direct, undefined, { idleMs: 100 });
    for (let round = 0; round < 3; round++) {
      await eventually('the worker is given up', async () => (await scraped('actor_workers')) === 0);
      // Asleep is ready: a call is what wakes it.
      expect(lab.actor.ready).toBe(true);
      const answers = await Promise.all(Array.from({ length: 8 }, () => lab.get('/')));
      expect(answers.map(({ status }) => status)).toEqual(Array<number>(8).fill(200));
      await Promise.all(answers.map((answer) => answer.text()));
      expect(lab.actor.ready).toBe(true);
      expect(await scraped('actor_workers')).toBeGreaterThan(0);
    }
    await lab.stop();
  });
});

it('keeps the worker of a call that takes longer than it may be idle', async () => {
  const lab = await Serving.start('lab.wat', {}, true, undefined, { idleMs: 20 });
  expect((await lab.get('/s')).status).toBe(200);
  const long = lab.get('/w', { signal: AbortSignal.timeout(1500) }).then(
    () => 'answered',
    (error: Error) => error.name,
  );
  await eventually('the call runs', () => lab.actor.inFlight === 1);
  // Only the client ends it.
  expect(await long).toBe('TimeoutError');
  await lab.stop();
});

it('sees the configuration that it was given while it slept', async () => {
  const lab = await Serving.start('handler.ts', { config: { greeting: 'before' } }, true, undefined, {
    idleMs: 100,
  });
  await eventually('the worker is given up', () => lab.actor.workers === 0);
  lab.actor.configure({ greeting: 'after' });
  expect(await (await lab.get('/config')).json()).toMatchObject({ greeting: 'after' });
  await lab.stop();
}, 180_000);
