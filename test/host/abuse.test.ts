import { Serving } from './serving';

/** What an attack may take of the machine's memory before it is ended: the heap of a worker, and something on top. */
const mostBytes = 1 << 30;

/** What a client is told: a status, or nothing but that its connection is gone. */
async function told(answer: Promise<Response>): Promise<number | 'cut'> {
  try {
    return (await answer).status;
  } catch {
    return 'cut';
  }
}

describe('an actor that attacks its host', () => {
  let other: Serving;
  beforeAll(async () => {
    other = await Serving.start('hello.wat', { id: 'other' });
  });
  afterAll(() => other.stop());

  it.each([
    ['headers without end', 'h', ['cut', 503], /memory/],
    ['bodies that it does not send, without end', 'b', [500], /more than 67108864 bytes of bodies/],
    ['log lines without end', 'p', [504], /^Left out \d+ lines/],
    ['recursion without end', 'r', [500], /call stack/],
    ['timers without end', 't', ['cut', 500, 503], /memory|handles/],
    ['two answers', 'w', [500, 'cut'], /trapped/],
  ])(
    'by %s harms itself alone, and is told of',
    async (_, route, answers, reason) => {
      const limits = { executionTimeMs: route === 'p' ? 1_000 : 60_000, memoryBytes: 16 << 20 };
      const lab = await Serving.start('abuse.wat', { limits });
      const before = process.memoryUsage().rss;
      let highest = before;
      let over = false;
      const attack = told(lab.get(`/${route}`)).finally(() => (over = true));
      do {
        expect(await other.text('/')).toBe('hello from wat\n');
        highest = Math.max(highest, process.memoryUsage().rss);
        await new Promise((resolve) => setTimeout(resolve, 5));
      } while (!over);

      expect(answers).toContain(await attack);
      expect(highest - before).toBeLessThan(mostBytes);
      // Whoever it has harmed are its own callers, who are served again.
      while ((await told(lab.get('/o'))) !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
      const lines = lab.lines.map(({ msg, cause, error }) => [msg, cause, error].join(' '));
      expect(lines).toContainEqual(expect.stringMatching(reason));
      if (route !== 'p') expect(lab.actor.counts.unanswered).toBeGreaterThan(0);
      await lab.stop();
    },
    60_000,
  );
});
