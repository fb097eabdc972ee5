import net from 'node:net';
import { eventually } from '../integration/eventually';
import { Serving } from './serving';

/** Sends bytes as they are, and resolves with all that comes until the other side ends, or until `enough`. */
function raw(
  url: string,
  text: string,
  enough: (received: string) => boolean = () => false,
): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), hostname, () => socket.write(text));
    let received = '';
    socket.setEncoding('latin1').on('data', (part: string) => {
      received += part;
      if (enough(received)) socket.destroy();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve(received));
  });
}

const close = 'Host: a\r\nConnection: close\r\n\r\n';

describe.each([
  ['that its own workers accept', true],
  ['that the main thread accepts', false],
])('Clients of an actor, on connections %s', (_, direct) => {
  let lab: Serving;
  beforeAll(async () => {
    lab = await Serving.start('lab.wat', { instances: 1 }, direct);
    await lab.get('/c');
  });
  afterAll(() => lab.stop());

  it('may send the next requests before they have an answer, and get all in their order', async () => {
    const first = 'GET /c HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(30);
    const answers = await raw(lab.url, `${first}GET /c HTTP/1.1\r\n${close}`);
    const counts = [...answers.matchAll(/\r\n\r\n(\d+)/g)].map(([, count]) => Number(count));
    expect(counts).toHaveLength(31);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
  });

  it('may wait to be asked for a body', async () => {
    const head = `POST /e HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n${close}`;
    expect(await raw(lab.url, head, (received) => received.includes('\r\n\r\n'))).toMatch(/^HTTP\/1.1 100 /);
    expect(await raw(lab.url, `${head}abc`)).toMatch(/200 OK[^]*abc/);
  });

  it('are answered as ever when they ask for another protocol', async () => {
    const upgrade = 'GET /c HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n';
    expect(await raw(lab.url, upgrade)).toMatch(/^HTTP\/1.1 200 /);
    expect(await raw(lab.url, `CONNECT b:80 HTTP/1.1\r\n${close}`)).toBe('');
  });

  it.each([
    ['no HTTP', 'hello\r\n\r\n', /^HTTP\/1.1 400 /],
    [
      'two lengths',
      `POST /e HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n${close}abcd`,
      /^HTTP\/1.1 400 /,
    ],
    [
      'a length and chunks',
      `POST /e HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n${close}0\r\n\r\n`,
      /^HTTP\/1.1 400 /,
    ],
    [
      'a chunk that is none',
      `POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n${close}zz\r\n\r\n`,
      /^HTTP\/1.1 (200|400) /,
    ],
    ['headers of 40 KB', `GET /c HTTP/1.1\r\nX: ${'x'.repeat(40_000)}\r\n${close}`, /^HTTP\/1.1 431 /],
  ])('that send %s harm nobody', async (_, text, answer) => {
    expect(await raw(lab.url, text)).toMatch(answer);
    expect((await lab.get('/c')).status).toBe(200);
  });

  it('may go at any moment: the one instance is free again', async () => {
    const texts = [
      'POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\npart',
      'POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\npart',
      'POST /e HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n',
      'GET /w HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET /f HTTP/1.1\r\nHost: a\r\n\r\n',
    ];
    const { hostname, port } = new URL(lab.url);
    for (const text of texts) {
      for (let ms = 0; ms < 30; ms += 5) {
        const socket = net.connect(Number(port), hostname, () => socket.write(text));
        socket.on('error', () => undefined);
        await new Promise((resolve) => setTimeout(resolve, ms));
        socket.resetAndDestroy();
      }
      expect((await lab.get('/c')).status).toBe(200);
    }
    await eventually('nothing is under way', async () => lab.actor.inFlight === 0);
  }, 60_000);

  /** Sends a body of so many MiB, and a last request after it. */
  async function upload(path: string, mebibytes: number, last: string): Promise<string> {
    const { hostname, port } = new URL(lab.url);
    const socket = net.connect(Number(port), hostname);
    let answers = '';
    socket.setEncoding('latin1').on('data', (part: string) => (answers += part));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${mebibytes << 20}\r\n\r\n`);
    const part = Buffer.alloc(1 << 20);
    for (let i = 0; i < mebibytes; i++)
      if (!socket.write(part)) await new Promise((resolve) => socket.once('drain', resolve));
    socket.write(`GET ${last} HTTP/1.1\r\n${close}`);
    await closed;
    return answers;
  }

  it('that send a large body to a guest which reads none of it are answered, this time and the next', async () => {
    const before = process.memoryUsage().rss;
    let highest = before;
    const watch = setInterval(() => (highest = Math.max(highest, process.memoryUsage().rss)), 10);
    const answers = await upload('/c', 256, '/c');
    clearInterval(watch);
    expect(answers.match(/HTTP\/1.1 200 /g)).toHaveLength(2);
    expect(highest - before).toBeLessThan(128 << 20);
  }, 60_000);

  it('that send a body to a guest which reads it after its answer have all of it read', async () => {
    // One answer after the other on a connection, and nothing in between.
    expect(await upload('/k', 20, '/j')).toMatch(/\r\n\r\n000HTTP\/1.1 200 [^]*\r\n\r\n020$/);
  });

  it('that go after the answer, before such a guest has read all, let it go', async () => {
    const text = 'POST /k HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\npart';
    expect(await raw(lab.url, text, (received) => received.endsWith('000'))).toMatch(/^HTTP\/1.1 200 /);
    await eventually('nothing is under way', async () => lab.actor.inFlight === 0);
  });
});
