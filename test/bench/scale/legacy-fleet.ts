import { createHash, randomUUID } from 'node:crypto';
import type { Msg, NatsConnection } from 'nats';

/** What real hosts have by default. */
const heartbeatMs = 30_000;
const version = '1.9.2';

interface Component {
  readonly id: string;
  readonly image_ref: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly revision: 0;
  readonly max_instances: number;
}

interface LegacyHost {
  readonly id: string;
  readonly zone: string;
  /** By component id. */
  readonly components: Map<string, Component>;
  timer?: NodeJS.Timeout;
}

interface ScaleCommand {
  readonly component_id: string;
  readonly component_ref: string;
  readonly count: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** wasmCloud hosts as the lattice knows them, with nothing behind them: they tell of what they are told to run that it runs. */
export class LegacyFleet {
  private readonly live = new Map<string, LegacyHost>();

  constructor(
    private readonly nats: NatsConnection,
    private readonly lattice: string,
  ) {
    const control = `wasmbus.ctl.v1.${lattice}`;
    this.nats.subscribe(`${control}.component.scale.*`, { callback: (_, message) => this.scale(message) });
    // What one host answers for all of them.
    for (const subject of ['link.get', 'claims.get'])
      this.nats.subscribe(`${control}.${subject}`, { callback: (_, message) => answer(message, []) });
    this.nats.subscribe(`${control}.host.get.*`, {
      callback: (_, message) => {
        const host = this.live.get(message.subject.split('.').at(-1) ?? '');
        if (host !== undefined) answer(message, inventory(host));
      },
    });
  }

  /** Starts hosts, `perZone` of them in each zone. */
  start(count: number, perZone: number): void {
    for (let index = 0; index < count; index++) {
      const host = {
        id: hostId(index),
        zone: `${Math.floor(index / perZone)}`,
        components: new Map<string, Component>(),
      };
      this.live.set(host.id, host);
      this.publish(host.id, 'host_started', {
        friendly_name: `host-${index}`,
        labels: labelsOf(host),
        uptime_seconds: 0,
        version,
      });
      this.beat(host, (heartbeatMs * index) / count);
    }
  }

  /** Ends hosts of different zones, those that run something, without a word; returns how many it found. */
  lose(count: number): number {
    const zones = new Set<string>();
    for (const host of this.live.values()) {
      if (zones.size === count) break;
      if (host.components.size === 0 || zones.has(host.zone)) continue;
      zones.add(host.zone);
      clearTimeout(host.timer);
      this.live.delete(host.id);
    }
    return zones.size;
  }

  /** Instances on hosts that live. */
  get instances(): number {
    let sum = 0;
    for (const { components } of this.live.values())
      for (const { max_instances } of components.values()) sum += max_instances;
    return sum;
  }

  stop(): void {
    for (const { timer } of this.live.values()) clearTimeout(timer);
    this.live.clear();
  }

  private beat(host: LegacyHost, delayMs: number): void {
    host.timer = setTimeout(() => {
      this.publish(host.id, 'host_heartbeat', inventory(host));
      this.beat(host, heartbeatMs);
    }, delayMs);
  }

  private scale(message: Msg): void {
    const host = this.live.get(message.subject.split('.').at(-1) ?? '');
    if (host === undefined) return;
    const { component_id: id, component_ref, count, annotations = {} } = message.json<ScaleCommand>();
    answer(message);
    if (count === 0) host.components.delete(id);
    else
      host.components.set(id, {
        id,
        image_ref: component_ref,
        annotations,
        revision: 0,
        max_instances: count,
      });
    this.publish(host.id, 'component_scaled', {
      annotations,
      host_id: host.id,
      image_ref: component_ref,
      max_instances: count,
      component_id: id,
    });
  }

  private publish(source: string, name: string, data: object): void {
    const event = {
      specversion: '1.0',
      id: randomUUID(),
      type: `com.wasmcloud.lattice.${name}`,
      source,
      datacontenttype: 'application/json',
      time: new Date().toISOString(),
      data,
    };
    this.nats.publish(`wasmbus.evt.${this.lattice}.${name}`, JSON.stringify(event));
  }
}

function answer(message: Msg, response?: unknown): void {
  message.respond(
    JSON.stringify({ success: true, message: '', ...(response !== undefined && { response }) }),
  );
}

function inventory(host: LegacyHost): object {
  return {
    host_id: host.id,
    friendly_name: host.id,
    labels: labelsOf(host),
    version,
    uptime_human: '1m',
    uptime_seconds: 60,
    components: Array.from(host.components.values()),
    providers: [],
  };
}

function labelsOf({ zone }: LegacyHost): Record<string, string> {
  return { 'hostcore.arch': 'x86_64', 'hostcore.os': 'linux', 'hostcore.osfamily': 'unix', zone };
}

/** Looks like the public key of a host. */
function hostId(index: number): string {
  const letters = createHash('sha512').update(`${index}`).digest();
  return `N${Array.from(letters.subarray(0, 55), (byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[byte % 32]).join('')}`;
}
