import { TerminalError } from '../../lib/base/errors';
import { registry } from '../../lib/base/metrics';
import { eventually } from '../integration/eventually';
import { Serving } from './serving';

const restarts = (): Promise<string> =>
  registry.getSingleMetricAsString('kasmcloud_actor_worker_restarts_total');

describe.each([
  ['its own workers accept', true],
  ['the main thread accepts', false],
])('An actor whose component goes wrong, on connections that %s', (_, direct) => {
  let lab: Serving;
  beforeAll(async () => {
    const limits = { executionTimeMs: 400, memoryBytes: 16 << 20 };
    lab = await Serving.start('lab.wat', { instances: 4, limits }, direct);
  });
  afterAll(() => lab.stop());

  it('loses one instance to a trap, not the actor', async () => {
    // One worker with one instance, so that it can be told which one answers.
    const single = await Serving.start('lab.wat', { instances: 1 }, direct);
    await single.get('/c');
    const trapped = await single.get('/t');
    expect(trapped.status).toBe(500);
    expect(await trapped.text()).toContain('Trapped');
    // The count of calls starts again: the trapped instance is never used again.
    expect(await single.text('/c')).toBe('001');
    expect(await single.text('/c')).toBe('002');
    await single.stop();
  });

  it('answers with 504 when a call loops for ever, and serves on with a new worker', async () => {
    const before = await restarts();
    const looped = await lab.get('/l');
    expect(looped.status).toBe(504);
    // By the new worker, or by another that was there already.
    expect((await lab.get('/c')).status).toBe(200);
    await eventually('the looping worker is replaced', async () => (await restarts()) !== before);
  });

  it('gives calls that share a worker with an endless loop a named error, not silence', async () => {
    const started = Promise.all([lab.get('/s'), lab.get('/s'), lab.get('/s')]);
    const looped = lab.get('/l');
    for (const { status } of await started) expect([200, 503, 504]).toContain(status);
    expect((await looped).status).toBe(504);
    expect((await lab.get('/c')).status).toBe(200);
  });

  it('ends a call that waits too long without ending its worker', async () => {
    expect((await lab.get('/w')).status).toBe(504);
    const before = await restarts();
    expect((await lab.get('/w')).status).toBe(504);
    expect(await restarts()).toBe(before);
  });

  it('lets memory grow to the limit and no further', async () => {
    // 16 MiB in steps of 1 MiB, above the four pages that it starts with.
    expect(await lab.text('/m')).toBe('015');
    expect(await lab.text('/v')).toBe('000');
  });

  it('answers with 500 when the component returns without a response', async () => {
    const response = await lab.get('/n');
    expect(response.status).toBe(500);
    expect(await response.text()).toContain('NoResponse');
  });

  it('cuts the connection when a component traps halfway through its response', async () => {
    const response = await lab.get('/h');
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  it('shows the guest no environment', async () => {
    process.env['KASMCLOUD_TEST_SECRET'] = 'visible';
    expect(await lab.text('/v')).toBe('000');
  });

  it('turns what the guest prints into log lines of its actor', async () => {
    await lab.get('/p');
    await eventually('the line is there', async () =>
      lab.lines.some(({ actor, msg }) => actor === 'test/fixture' && msg === 'printed'),
    );
  });

  it('counts a response with status 500 as a fault of the component, which serves on', async () => {
    const { serverErrors } = lab.actor.counts;
    expect((await lab.get('/x')).status).toBe(500);
    await eventually('it is counted', async () => lab.actor.counts.serverErrors === serverErrors + 1);
    expect((await lab.get('/c')).status).toBe(200);
  });

  it('counts calls by outcome', async () => {
    const counted = async (): Promise<string> =>
      registry.getSingleMetricAsString('kasmcloud_actor_calls_total');
    const wanted = ['Trapped', 'DeadlineExceeded', 'NoResponse', 'ServerError', 'Answered'];
    for (;;) {
      const text = await counted();
      if (wanted.every((outcome) => new RegExp(`outcome="${outcome}"} [1-9]`).test(text))) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
});

describe('Two actors', () => {
  it('share nothing: a loop in one does not delay the other', async () => {
    const [loops, hello] = await Promise.all([
      Serving.start('lab.wat', { id: 'loops', limits: { executionTimeMs: 60_000 } }),
      Serving.start('hello.wat', { id: 'hello' }),
    ]);
    const looping = loops.get('/l').catch((error: unknown) => error);
    for (let i = 0; i < 20; i++) expect(await hello.text('/')).toBe('hello from wat\n');
    await Promise.all([loops.stop(), hello.stop()]);
    await looping;
  });
});

describe('A component that cannot start', () => {
  const start = (source: string, spec = {}): Promise<unknown> => Serving.start(source, spec);

  it('is refused with the import that nothing offers', async () => {
    const error = await start('unlinked.wat').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TerminalError);
    expect(error).toMatchObject({ reason: 'ImportNotLinked' });
    expect((error as Error).message).toContain('imports absent');
  });

  it('is refused when it needs more memory than it may have', async () => {
    const error = await start('lab.wat', { limits: { memoryBytes: 65_536 } }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({ reason: 'MemoryLimitTooLow' });
  });

  it('is refused when it is not a component', async () => {
    const error = await start('hello.wat', { wasm: __filename }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ reason: 'InvalidComponent' });
  });

  it('is refused when its start never ends', async () => {
    const error = await start('endless-start.wat', { limits: { executionTimeMs: 200 } }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(TerminalError);
  });
});
