import * as http from 'node:http';
import { Serving, scraped } from './serving';

const mebibyte = 1 << 20;

describe.each([
  ['that its own workers accept', true],
  ['that the main thread hands to a worker', false],
])('HTTP through an actor, on connections %s', (_, direct) => {
  let lab: Serving;
  beforeAll(async () => {
    lab = await Serving.start('lab.wat', { instances: 4 }, direct);
  });
  afterAll(() => lab.stop());

  it('answers a small body in one piece, with its length', async () => {
    const response = await lab.get('/e', { method: 'POST', body: 'abc' });
    expect(await response.text()).toBe('abc');
  });

  it('says how long a whole response is', async () => {
    expect((await lab.get('/c')).headers.get('content-length')).toBe('3');
  });

  it('streams bodies both ways at once: the echo of a part comes before the next part is sent', async () => {
    const request = http.request(`${lab.url}/e`, { method: 'POST' });
    const response = new Promise<http.IncomingMessage>((resolve) => request.on('response', resolve));
    request.write('first');
    const parts = (await response)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    expect(String((await parts.next()).value)).toBe('first');
    request.write('second');
    expect(String((await parts.next()).value)).toBe('second');
    request.end();
    expect((await parts.next()).done).toBe(true);
  });

  it('passes a gibibyte through with bounded memory', async () => {
    const total = 1024 * mebibyte;
    const request = http.request(`${lab.url}/e`, { method: 'POST', headers: { 'content-length': total } });
    const response = new Promise<http.IncomingMessage>((resolve) => request.on('response', resolve));
    const part = Buffer.alloc(mebibyte, 7);
    const sent = (async () => {
      for (let i = 0; i < total / mebibyte; i++) {
        if (!request.write(part)) await new Promise((resolve) => request.once('drain', resolve));
      }
      request.end();
    })();
    const rssBefore = process.memoryUsage().rss;
    let highest = 0;
    let received = 0;
    for await (const chunk of await response) {
      received += (chunk as Buffer).length;
      highest = Math.max(highest, process.memoryUsage().rss);
    }
    await sent;
    expect(received).toBe(total);
    expect(highest - rssBefore).toBeLessThan(256 * mebibyte);
  }, 120_000);

  it('stops the guest when the client reads no further, and goes on when it does', async () => {
    // Of a process that other tests have filled before.
    const rssBefore = process.memoryUsage().rss;
    const socketResponse = await new Promise<http.IncomingMessage>((resolve) => {
      http.get(`${lab.url}/f`, resolve);
    });
    socketResponse.pause();
    const grown = await settled(() => Math.round((process.memoryUsage().rss - rssBefore) / (64 * mebibyte)));
    expect(grown * 64).toBeLessThan(512);
    let received = 0;
    for await (const chunk of socketResponse) received += (chunk as Buffer).length;
    expect(received).toBe(1024 * mebibyte);
  }, 120_000);

  it('frees the instance when the client goes while it is served', async () => {
    for (let i = 0; i < 8; i++) {
      const request = http.get(`${lab.url}/f`);
      request.on('error', () => undefined);
      await new Promise<void>((resolve) => {
        request.on('response', (response) => {
          response.once('data', () => {
            request.destroy();
            resolve();
          });
        });
      });
    }
    await until(() => lab.actor.inFlight === 0);
    expect(await lab.text('/e', { method: 'POST', body: 'still here' })).toBe('still here');
  });

  it('frees the instance when the client goes in the middle of its request', async () => {
    for (let i = 0; i < 8; i++) {
      const request = http.request(`${lab.url}/e`, { method: 'POST' });
      request.on('error', () => undefined);
      request.write('part');
      await new Promise((resolve) => request.once('response', resolve));
      request.destroy();
    }
    await until(() => lab.actor.inFlight === 0);
  });

  it('serves as many calls at once as it has instances, and queues the others', async () => {
    const [running, waiting]: [number[], number[]] = [[], []];
    const look = async (): Promise<void> => {
      running.push(lab.actor.inFlight);
      waiting.push((await scraped('actor_calls_waiting')) ?? NaN);
    };
    const poll = setInterval(() => void look(), 5);
    const answers = await Promise.all(Array.from({ length: 12 }, () => lab.text('/s')));
    clearInterval(poll);
    expect(answers).toHaveLength(12);
    expect(Math.max(...running)).toBe(4);
    expect(Math.max(...waiting)).toBeGreaterThan(2);
    expect(await scraped('actor_calls_waiting')).toBe(0);
  });

  it('refuses calls beyond its queue with 503 and Retry-After', async () => {
    const responses = await Promise.all(Array.from({ length: 200 }, () => lab.get('/s')));
    const refused = responses.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
    expect(responses.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(68);
  });

  it('serves nothing with no instances, and again when there are some', async () => {
    lab.actor.resize(0);
    expect((await lab.get('/c')).status).toBe(503);
    lab.actor.resize(4);
    expect((await lab.get('/c')).status).toBe(200);
  });
});

describe('Stopping an actor', () => {
  it('lets calls end that are under way and refuses new ones', async () => {
    const lab = await Serving.start('lab.wat', {}, false);
    const running = lab.get('/s');
    await until(() => lab.actor.inFlight === 1);
    const stopped = lab.actor.stop(10_000);
    expect((await lab.get('/c')).status).toBe(503);
    expect((await running).status).toBe(200);
    await stopped;
    await lab.stop();
  });

  it('ends calls that take longer than the grace', async () => {
    const lab = await Serving.start('lab.wat');
    const running = lab.get('/w');
    await until(() => lab.actor.inFlight === 1);
    await lab.actor.stop(50);
    expect((await running).status).toBe(503);
    await lab.stop();
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Waits until a value has stayed the same for half a second. */
async function settled<T>(value: () => T | Promise<T>): Promise<T> {
  for (let [last, same] = [await value(), 0]; ;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = await value();
    same = now === last ? same + 1 : 0;
    last = now;
    if (same === 5) return now;
  }
}
