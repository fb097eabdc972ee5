import type { Clock } from '../../../lib/kube';

/** A clock that moves only when told. */
export class ManualClock implements Clock {
  private time = 0;
  private timers: { at: number; action: () => void }[] = [];

  now = (): number => this.time;

  after = (ms: number, action: () => void): (() => void) => {
    const timer = { at: this.time + ms, action };
    this.timers.push(timer);
    return () => (this.timers = this.timers.filter((other) => other !== timer));
  };

  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((other) => other !== next);
      this.time = next.at;
      next.action();
    }
    this.time = end;
  }
}
