import { CallHealth } from '../../../../lib/host/controllers/call-health';

class Lab {
  now = 0;
  ended = 0;
  failed = 0;
  readonly health = new CallHealth({ now: () => this.now } as never);

  /** Two seconds with so many calls. Returns whether the verdict has changed. */
  look(answered: number, failed = 0): boolean {
    this.now += 2_000;
    this.ended += answered + failed;
    this.failed += failed;
    return this.health.look({ ended: this.ended, failed: this.failed });
  }
}

it('says that calls fail when a share of them does, and once', () => {
  const lab = new Lab();
  lab.look(0);
  expect(lab.look(100, 4)).toBe(false);
  expect(lab.health.failing).toBeUndefined();
  expect(lab.look(10, 3)).toBe(true);
  expect(lab.health.failing).toBe(
    '7 of 117 calls within 20 s were not answered: the component traps, takes too long, or gives no response',
  );
  // The same words as long as it lasts.
  expect(lab.look(0, 5)).toBe(false);
  expect(lab.health.failing).toContain('7 of 117');
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
