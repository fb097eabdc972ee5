import { type DistributionHost, distribute, hostRooms } from '../../../lib/placement';
import type { RolloutInput, RolloutStep } from '../../../lib/placement';
import { RolloutLab } from './rollout-lab';

/** What a host of the lab has room for. */
export interface Capacity {
  instances: number;
  memory: number;
}

/** A lab whose hosts have bounds, and where instances lie as a distribution lays them. */
export class CrowdedLab extends RolloutLab {
  /** Memory limit by revision; none without. */
  readonly memory = new Map<string, number>();
  mode: 'Spread' | 'Daemon' = 'Spread';
  private rebalancing = false;

  /** @param wanted Instances in total */
  constructor(
    readonly capacity: ReadonlyMap<string, Capacity>,
    public wanted: number,
    spec: RolloutInput['spec'] = {},
  ) {
    super({}, spec);
  }

  override plan(): RolloutStep {
    const { wanted, mode } = this;
    const each = this.memory.get(this.revision) ?? 0;
    const hosts = [...this.capacity].map(([name, left]): DistributionHost => {
      const room = each === 0 || each <= left.memory ? left.instances : 0;
      return {
        name,
        labels: {},
        state: 'open',
        room,
        left,
        load: 0,
        current: this.usedOn(name).instances,
      };
    });
    const plan = distribute({ spec: { mode, instances: wanted }, hosts, rebalancing: this.rebalancing });
    this.rebalancing = plan.rebalancing;
    this.desired = new Map(plan.desired);
    this.rooms = {
      hosts: hostRooms(hosts, plan.groupOf, mode),
      memoryOf: (revision) => this.memory.get(revision) ?? 0,
    };
    return super.plan();
  }

  /** What all objects on a host take of its capacity. */
  usedOn(host: string): Capacity {
    const used = { instances: 0, memory: 0 };
    for (const slot of this.observe()) {
      if (slot.host !== host) continue;
      used.instances += slot.instances;
      used.memory += this.memory.get(slot.revision) ?? 0;
    }
    return used;
  }

  /** Has every single write from now on checked: none may add to a host that is beyond its capacity then. */
  guardCapacity(): void {
    const look = (): Map<string, Capacity> =>
      new Map([...this.capacity.keys()].map((host) => [host, this.usedOn(host)]));
    let before = look();
    this.onWrite = () => {
      const after = look();
      for (const [host, { instances, memory }] of this.capacity) {
        const was = before.get(host) ?? { instances: 0, memory: 0 };
        const used = after.get(host) ?? was;
        expect(used.instances).toBeLessThanOrEqual(Math.max(instances, was.instances));
        expect(used.memory).toBeLessThanOrEqual(Math.max(memory, was.memory));
      }
      before = after;
    };
  }
}
