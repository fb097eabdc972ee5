import { CallHealth } from '../../../../lib/host/controllers/call-health';

class Lab {
  now = 0;
  ended = 0;
  unanswered = 0;
  serverErrors = 0;
  readonly health = new CallHealth({ now: () => this.now } as never);

  /** Two seconds with so many calls. Returns whether the verdict has changed. */
  look(answered: number, unanswered = 0, serverErrors = 0): boolean {
    this.now += 2_000;
    this.ended += answered + unanswered + serverErrors;
    this.unanswered += unanswered;
    this.serverErrors += serverErrors;
    return this.health.look(this);
  }
}

it('says that calls fail when a share of them does, and once', () => {
  const lab = new Lab();
  lab.look(0);
  expect(lab.look(100, 4)).toBe(false);
  expect(lab.health.failing).toBeUndefined();
  expect(lab.look(10, 3)).toBe(true);
  expect(lab.health.failing).toBe(
    '7 of 117 calls within 20 s failed: 7 not answered, as the component traps, takes too long, or gives no response',
  );
  // The same words as long as it lasts.
  expect(lab.look(0, 5)).toBe(false);
  expect(lab.health.failing).toContain('7 of 117');
});

it('counts answers with a status of 500 or more as failed, as those who watch the share of successes do', () => {
  const lab = new Lab();
  lab.look(0);
  expect(lab.look(18, 0, 2)).toBe(false);
  expect(lab.look(19, 0, 1)).toBe(true);
  expect(lab.health.failing).toBe(
    '3 of 40 calls within 20 s failed: 3 answered with an HTTP status of 500 or more',
  );

  const mixed = new Lab();
  mixed.look(0);
  expect(mixed.look(0, 1, 2)).toBe(true);
  expect(mixed.health.failing).toMatch(/^3 of 3 .* failed: 1 not answered.*; 2 answered/);
});

it('goes by the bounds that it is given, from then on', () => {
  const lab = new Lab();
  lab.health.analysis = { maxErrorPercent: 20, minErrors: 1, windowSeconds: 60 };
  lab.look(0);
  lab.look(8, 1);
  expect(lab.look(0, 1)).toBe(false);
  expect(lab.look(0, 1)).toBe(true);
  expect(lab.health.failing).toMatch(/^3 of 11 calls within 60 s failed/);
  for (let seconds = 0; seconds < 50; seconds += 2) expect(lab.look(0)).toBe(false);
  lab.health.analysis = {};
  expect(lab.look(0)).toBe(true);
  expect(lab.health.failing).toBeUndefined();

  const strict = new Lab();
  strict.health.analysis = { maxErrorPercent: 0, minErrors: 1 };
  strict.look(0);
  expect(strict.look(10_000, 1)).toBe(true);
});

it('takes single failures for no reason, however few calls there are', () => {
  const lab = new Lab();
  lab.look(0);
  lab.look(0, 1);
  expect(lab.look(0, 1)).toBe(false);
  expect(lab.look(0, 1)).toBe(true);
});

it('changes its mind when calls are answered again, or nobody calls any more', () => {
  const lab = new Lab();
  lab.look(0);
  lab.look(10, 10);
  expect(lab.look(100)).toBe(false);
  expect(lab.look(1000)).toBe(true);
  expect(lab.health.failing).toBeUndefined();

  lab.look(0, 1000);
  expect(lab.health.failing).toBeDefined();
  const changes = Array.from({ length: 12 }, () => lab.look(0));
  expect(changes.filter(Boolean)).toHaveLength(1);
  expect(lab.health.failing).toBeUndefined();
});
