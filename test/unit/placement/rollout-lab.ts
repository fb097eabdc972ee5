import { planRollout, type ObservedSlot, type RolloutInput, type RolloutStep } from '../../../lib/placement';

interface Child {
  instances: number;
  ready: number;
  readyAtMs: number | undefined;
  /** As wanted, and as the host has taken it in. */
  serving: boolean;
  reported: boolean;
  unhealthy: boolean;
}

/** Hosts and a controller that live by the clock of a test: what an API server and hosts would make of the steps of a rollout. */
export class RolloutLab {
  desired: Map<string, number>;
  revision = 'v1';
  current: string | undefined;
  progress: RolloutInput['progress'];
  nowMs = Date.parse('2026-01-01T00:00:00Z');
  step: RolloutStep | undefined;
  /** Revisions whose instances never become ready. */
  readonly broken = new Set<string>();
  /** Revisions whose calls fail. */
  readonly unhealthy = new Set<string>();
  readonly lost = new Set<string>();
  readonly children = new Map<string, Child>();
  /** What the hosts have room for. */
  rooms: RolloutInput['rooms'];
  /** Called after each single change of an object. */
  onWrite: () => void = () => undefined;

  constructor(
    desired: Record<string, number>,
    public spec: RolloutInput['spec'] = {},
    private readonly exclusive = false,
  ) {
    this.desired = new Map(Object.entries(desired));
  }

  get total(): number {
    return [...this.desired.values()].reduce((sum, instances) => sum + instances, 0);
  }

  /** Instances that callers get answers from, and that have done so for long enough. */
  available(revision?: string): number {
    return this.observe()
      .filter((slot) => slot.serving && !slot.lost && (revision === undefined || slot.revision === revision))
      .reduce((sum, slot) => sum + slot.available, 0);
  }

  count(revision?: string): number {
    return this.observe()
      .filter((slot) => !slot.lost && (revision === undefined || slot.revision === revision))
      .reduce((sum, slot) => sum + slot.instances, 0);
  }

  condition(type = 'Progressing'): { status: string; reason: string; message: string } | undefined {
    return this.step?.observations.find((observation) => observation.type === type);
  }

  observe(): ObservedSlot[] {
    return [...this.children].map(([id, { instances, ready, readyAtMs, reported }]) => {
      const [revision = '', host = ''] = id.split('/');
      const minReadyMs = (this.spec.minReadySeconds ?? 0) * 1000;
      const lost = this.lost.has(host);
      const aged = readyAtMs !== undefined && this.nowMs - readyAtMs >= minReadyMs;
      const now = lost ? 0 : Math.min(ready, instances);
      return {
        revision,
        host,
        instances,
        ready: now,
        available: aged ? now : 0,
        ...(now > 0 && !aged && { availableInMs: readyAtMs! + minReadyMs - this.nowMs }),
        lost,
        ending: false,
        serving: reported,
        ...(this.broken.has(revision) && { failure: 'ImageNotFound: there is none' }),
        ...(this.unhealthy.has(revision) && now > 0 && reported && { unhealthy: 'calls fail' }),
      };
    });
  }

  plan(): RolloutStep {
    const { desired, exclusive, revision, current, spec, progress, nowMs, rooms } = this;
    return planRollout({
      desired,
      observed: this.observe(),
      rooms,
      exclusive,
      updateRevision: revision,
      currentRevision: current,
      spec,
      progress,
      now: new Date(nowMs),
    });
  }

  /** A pass of the controller that is cut off after so many writes. */
  pass(writes = Infinity): RolloutStep {
    const step = (this.step = this.plan());
    const wanted = new Map(step.wanted.map((slot) => [`${slot.revision}/${slot.host}`, slot]));
    const changes: (() => void)[] = [];
    for (const [id, child] of this.children) {
      const instances = wanted.get(id)?.instances ?? 0;
      if (instances === 0) changes.push(() => this.children.delete(id));
      else if (instances < child.instances) changes.push(() => (child.instances = instances));
    }
    for (const [id, { instances, serving }] of wanted) {
      const child = this.children.get(id);
      if (child === undefined) {
        const fresh = { ready: 0, readyAtMs: undefined, reported: false, unhealthy: false };
        changes.push(() => this.children.set(id, { ...fresh, instances, serving }));
      } else {
        if (instances > child.instances) changes.push(() => (child.instances = instances));
        if (serving !== child.serving) changes.push(() => (child.serving = serving));
      }
    }
    for (const change of changes.slice(0, writes)) {
      change();
      this.onWrite();
    }
    if (writes >= changes.length) {
      // The status comes last.
      this.progress = step.progress;
      this.current = step.currentRevision;
      if (step.rollbackTo !== undefined) this.revision = step.rollbackTo;
    }
    return step;
  }

  /** The hosts bring up what they should, all of it or what `which` picks, and say so. */
  hosts(which: (id: string) => boolean = () => true): void {
    for (const [id, child] of this.children) {
      const [revision = '', host = ''] = id.split('/');
      if (this.lost.has(host) || this.broken.has(revision) || !which(id)) continue;
      child.ready = child.instances;
      child.readyAtMs ??= this.nowMs;
      child.reported = child.serving;
    }
  }

  wait(seconds: number): void {
    this.nowMs += seconds * 1000;
  }

  /** Passes, with the hosts doing well and the clock going on as the rollout asks, until nothing changes any more. */
  settle(most = 200): number {
    for (let round = 1; round <= most; round++) {
      const before = JSON.stringify([[...this.children], this.progress, this.current, this.revision]);
      const step = this.pass();
      this.hosts();
      if (JSON.stringify([[...this.children], this.progress, this.current, this.revision]) !== before)
        continue;
      if (step.requeueAfterMs === undefined) return round;
      this.nowMs += step.requeueAfterMs;
    }
    throw new Error(`does not settle: ${JSON.stringify([...this.children])} ${this.condition()?.message}`);
  }

  /** Brings up a first revision in full. */
  established(): this {
    this.settle();
    return this;
  }
}
