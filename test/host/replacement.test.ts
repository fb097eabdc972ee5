import * as http from 'node:http';
import { eventually } from '../integration/eventually';
import { Serving } from './serving';

/** Calls without a pause, each client on a connection that it keeps or on a new one each time, and tells what came of all calls. */
class Clients {
  readonly outcomes = new Map<string, number>();
  private readonly running: Promise<void>[];
  private calling = true;

  constructor(
    private readonly url: string,
    { kept, fresh }: { kept: number; fresh: number },
  ) {
    this.running = [
      ...Array.from({ length: kept }, () => this.run(new http.Agent({ keepAlive: true, maxSockets: 1 }))),
      ...Array.from({ length: fresh }, () => this.run(new http.Agent({ keepAlive: false }))),
    ];
  }

  get count(): number {
    return [...this.outcomes.values()].reduce((sum, each) => sum + each, 0);
  }

  async stop(): Promise<Record<string, number>> {
    this.calling = false;
    await Promise.all(this.running);
    return Object.fromEntries(this.outcomes);
  }

  private async run(agent: http.Agent): Promise<void> {
    while (this.calling) {
      const outcome = await this.call(agent);
      this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
    }
    agent.destroy();
  }

  private call(agent: http.Agent): Promise<string> {
    return new Promise((resolve) => {
      const request = http.get(this.url, { agent }, (response) => {
        response.resume();
        response.on('end', () => resolve(String(response.statusCode)));
        response.on('error', (error) => resolve(error.message));
      });
      request.on('error', (error) => resolve(error.message));
    });
  }
}

describe.each([
  ['that its own workers serve', true],
  ['that the main thread hands to a worker', false],
])('Replacing an actor under load, on connections %s', (_, direct) => {
  it('fails no call, on kept connections and on new ones', async () => {
    const lab = await Serving.start('hello.wat', {}, direct);
    const clients = new Clients(lab.url, { kept: 4, fresh: 4 });
    for (let i = 0; i < 4; i++) {
      const before = clients.count;
      await lab.replace();
      lab.actor.configure({ round: String(i) });
      await eventually('calls go on', async () => clients.count > before + 100);
    }
    expect(Object.keys(await clients.stop())).toEqual(['200']);
    await lab.stop();
  }, 60_000);

  it('lets calls that are under way end: such that wait, and streams', async () => {
    const lab = await Serving.start('lab.wat', {}, direct);
    for (let round = 0; round < 2; round++) {
      const old = lab.actor;
      const stream = http.request(`${lab.url}/e`, { method: 'POST' });
      const answered = new Promise<http.IncomingMessage>((resolve) => stream.on('response', resolve));
      stream.write('before');
      const answer = await answered;
      const waiting = [lab.text('/s'), lab.text('/s')];
      const replaced = lab.replace();
      await eventually('the next one serves', async () => lab.actor !== old && lab.text('/c'));
      stream.end(' and after');
      let text = '';
      for await (const part of answer) text += String(part);
      expect(text).toBe('before and after');
      for (const count of await Promise.all(waiting)) expect(count).toMatch(/^\d{3}$/);
      await replaced;
    }
    await lab.stop();
  }, 60_000);
});

it('serves connections itself while there is no worker, and leaves them to workers when there is one', async () => {
  const lab = await Serving.start('hello.wat');
  const clients = new Clients(lab.url, { kept: 2, fresh: 2 });
  for (const instances of [0, 4, 0, 4]) {
    lab.actor.resize(instances);
    const before = clients.count;
    await eventually('calls go on', async () => clients.count > before + 50);
  }
  // Nothing but answers: the actor's, and the host's while the actor has no instances.
  expect(Object.keys(await clients.stop()).sort()).toEqual(['200', '503']);
  await lab.stop();
}, 60_000);

it('lets other workers answer while one is stuck', async () => {
  const lab = await Serving.start('lab.wat', { instances: 8, limits: { executionTimeMs: 20_000 } });
  const stuck = lab.get('/l').catch((error: Error) => error);
  await eventually('the loop runs', async () => lab.actor.inFlight === 1);
  const clients = new Clients(`${lab.url}/c`, { kept: 0, fresh: 4 });
  await eventually('others answer', async () => clients.count > 100);
  expect(Object.keys(await clients.stop())).toEqual(['200']);
  await eventually('only the loop is left', async () => lab.actor.inFlight === 1);
  await lab.stop();
  await stuck;
}, 60_000);
