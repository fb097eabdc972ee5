import { type Lease, LeaseResource } from '../api/core';
import type { KubeClient } from './client';
import { type Clock, monotonicClock } from './clock';

export interface LeaseRecordOptions {
  readonly namespace: string;
  readonly name: string;
  /** Who holds the lease when it is ours. */
  readonly identity: string;
  /** How long the lease counts without renewal. Written in whole seconds, rounded up. */
  readonly durationMs: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
}

/**
 * One Lease as one of its contenders sees it.
 *
 * Clocks of two machines are never compared: another's lease counts as running until it has not changed for its whole duration
 * on the local clock, however its `renewTime` reads. Writes carry the resource version last read, so of two contenders one fails.
 */
export class LeaseRecord {
  private lease: Lease | undefined;
  private changedAt: number;
  /** Whether `lease` may no longer be the newest. */
  private stale = true;
  private readonly clock: Clock;

  constructor(
    private readonly client: KubeClient,
    private readonly options: LeaseRecordOptions,
  ) {
    this.clock = options.clock ?? monotonicClock;
    this.changedAt = this.clock.now();
  }

  /** Who holds the lease, as last read; undefined when nobody does. */
  get holder(): string | undefined {
    return this.lease?.spec.holderIdentity || undefined;
  }

  /** Whether somebody else holds the lease and it still runs, as last read. */
  get heldByOther(): boolean {
    return this.othersForMs > 0;
  }

  /** For how many milliseconds more somebody else's lease runs unless it is renewed, as last read; 0 when none does. */
  get othersForMs(): number {
    if (this.holder === undefined || this.holder === this.options.identity) return 0;
    const durationMs = (this.lease?.spec.leaseDurationSeconds ?? 0) * 1000;
    return Math.max(0, this.changedAt + durationMs - this.clock.now());
  }

  /** The version last read; another one means that somebody wrote. */
  get version(): string | undefined {
    return this.lease?.metadata.resourceVersion;
  }

  /** Takes the lease or renews it. False when somebody else holds it; rejects with Conflict when somebody wrote just now. */
  async acquire(signal: AbortSignal): Promise<boolean> {
    if (this.stale || this.holder !== this.options.identity) {
      this.see(await this.client.find(LeaseResource, this.options, { signal }));
    }
    if (this.heldByOther) return false;
    await this.write(signal);
    return true;
  }

  private async write(signal: AbortSignal): Promise<void> {
    const { namespace, name, identity, labels, durationMs } = this.options;
    const time = now();
    const mine = this.holder === identity;
    const spec: Lease['spec'] = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(durationMs / 1000),
      acquireTime: (mine ? this.lease?.spec.acquireTime : undefined) ?? time,
      renewTime: time,
      leaseTransitions: (this.lease?.spec.leaseTransitions ?? 0) + (mine || this.lease === undefined ? 0 : 1),
    };
    const metadata = {
      ...this.lease?.metadata,
      namespace,
      name,
      labels: { ...this.lease?.metadata.labels, ...labels },
    };
    const lease: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
    // Whatever goes wrong from here on, also a lost answer, leaves the lease to be read anew.
    this.stale = true;
    this.see(
      this.lease === undefined
        ? await this.client.create(LeaseResource, lease, { signal })
        : await this.client.replace(LeaseResource, lease, { signal }),
    );
  }

  /** Gives the lease back, so that the next contender need not wait for its end. No-op when it is not ours. */
  async release(signal: AbortSignal): Promise<void> {
    if (this.lease === undefined || this.holder !== this.options.identity) return;
    const spec = { ...this.lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now() };
    this.see(await this.client.replace(LeaseResource, { ...this.lease, spec }, { signal }));
  }

  /** Deletes the lease if it is ours. */
  async remove(signal: AbortSignal): Promise<void> {
    if (this.lease === undefined || this.holder !== this.options.identity) return;
    await this.client.delete(LeaseResource, this.options, { uid: this.lease.metadata.uid, signal });
    this.see(undefined);
  }

  private see(lease: Lease | undefined): void {
    this.stale = false;
    if (lease?.metadata.resourceVersion !== this.lease?.metadata.resourceVersion)
      this.changedAt = this.clock.now();
    this.lease = lease;
  }
}

/** RFC 3339 with the microseconds that `MicroTime` wants. */
function now(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
