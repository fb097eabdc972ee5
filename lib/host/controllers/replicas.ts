import type { RunningActor } from './local-actors';

interface Replica {
  readonly actor: RunningActor;
  /** How far it is behind its share. */
  credit: number;
}

/** The actors of this host that serve one component id: each gets calls in proportion to its instances. */
export class Replicas {
  private replicas: readonly Replica[] = [];
  private list: readonly RunningActor[] = [];

  /** All of them, the one first that was added first. */
  get actors(): readonly RunningActor[] {
    return this.list;
  }

  add(actor: RunningActor): void {
    if (!this.list.includes(actor)) this.set([...this.replicas, { actor, credit: 0 }]);
  }

  remove(actor: RunningActor): void {
    this.set(this.replicas.filter((one) => one.actor !== actor));
  }

  /** Who takes the next call, of those that `can`: one with an instance to spare if there is any. */
  choose(can: (actor: RunningActor) => boolean): RunningActor | undefined {
    const [first] = this.list;
    if (first !== undefined && this.list.length === 1) return can(first) ? first : undefined;
    const able = this.replicas.filter(({ actor }) => can(actor));
    const ready = able.filter(({ actor }) => actor.ready);
    const free = ready.filter(({ actor }) => actor.inFlight < actor.instances);
    const candidates = [free, ready, able].find(({ length }) => length > 0) ?? [];
    // Smooth weighted round robin: of weights 3 and 1, every fourth call goes to the second.
    let total = 0;
    let best: Replica | undefined;
    for (const candidate of candidates) {
      total += candidate.actor.instances;
      candidate.credit += candidate.actor.instances;
      if (best === undefined || candidate.credit > best.credit) best = candidate;
    }
    if (best !== undefined) best.credit -= total;
    return best?.actor;
  }

  private set(replicas: readonly Replica[]): void {
    this.replicas = replicas;
    this.list = replicas.map(({ actor }) => actor);
  }
}
