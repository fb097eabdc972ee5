import fc from 'fast-check';
import type { Lease } from '../../../lib/api';
import { Liveness } from '../../../lib/reconciler/liveness';
import { MassLoss } from '../../../lib/reconciler/mass-loss';
import { ManualClock } from '../kube/manual-clock';

const leaseSeconds = 10;

/** Hosts that renew every 3 s until they fall silent, watched as the reconciler does. */
class Lattice {
  private readonly clock = new ManualClock();
  private readonly liveness = new Liveness(this.clock);
  private readonly massLoss = new MassLoss(this.clock);
  private readonly leases = new Map<string, Lease>();
  /** When each was declared lost, in seconds. */
  readonly lost = new Map<string, number>();

  constructor(count: number) {
    for (let i = 0; i < count; i++) this.renew(`h${i}`);
  }

  /** Goes on for some seconds, in which only these renew. */
  pass(seconds: number, alive: (host: string) => boolean): void {
    for (let i = 0; i < seconds; i++) {
      this.clock.advance(1_000);
      const turn = this.clock.now() / 1_000;
      for (const host of this.leases.keys())
        if (alive(host) && (turn + Number(host.slice(1))) % 3 === 0) this.renew(host);
      for (const host of this.leases.keys()) this.judge(host);
    }
  }

  private renew(name: string): void {
    const resourceVersion = String(Number(this.leases.get(name)?.metadata.resourceVersion ?? 0) + 1);
    this.leases.set(name, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, resourceVersion },
      spec: { leaseDurationSeconds: leaseSeconds },
    });
    this.lost.delete(name);
    this.judge(name);
  }

  private judge(host: string): void {
    if (this.lost.has(host)) return;
    if (this.liveness.remainingMs(host, this.leases.get(host), 0) > 0) return this.massLoss.settle(host);
    if (
      this.massLoss.doubtMs(
        host,
        this.liveness.silence((other) => this.leases.get(other)),
      ) > 0
    )
      return;
    this.lost.set(host, this.clock.now() / 1_000);
    this.liveness.forget(host);
    this.massLoss.settle(host);
  }
}

const numberOf = (host: string): number => Number(host.slice(1));

test('up to half of the hosts, and any two, are declared lost as soon as their Leases have run out', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(60), (count, wanted) => {
      const silent = Math.min(wanted, Math.max(Math.floor(count / 2), Math.min(2, count)));
      const lattice = new Lattice(count);
      lattice.pass(12, () => true);
      lattice.pass(leaseSeconds + 1, (host) => numberOf(host) >= silent);
      expect(Array.from(lattice.lost.keys(), numberOf).sort((a, b) => a - b)).toEqual(
        Array.from({ length: silent }, (_, i) => i),
      );
    }),
  );
});

test('no host is declared lost while most are silent for less than a minute', () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 60 }), fc.integer({ min: 1, max: 60 }), (count, seconds) => {
      const back = Math.floor(count * 0.4);
      const lattice = new Lattice(count);
      lattice.pass(12, () => true);
      lattice.pass(seconds, (host) => numberOf(host) < back);
      lattice.pass(30, () => true);
      expect(lattice.lost.size).toBe(0);
    }),
  );
});

test('what is silent for longer is lost, were it all of them', () => {
  const lattice = new Lattice(9);
  lattice.pass(12, () => true);
  lattice.pass(60 + leaseSeconds + 3, () => false);
  expect(lattice.lost.size).toBe(9);
  lattice.pass(6, () => true);
  expect(lattice.lost.size).toBe(0);
});

test('once the others are back, the rest is lost at once', () => {
  const lattice = new Lattice(10);
  lattice.pass(12, () => true);
  lattice.pass(20, (host) => numberOf(host) < 3);
  expect(lattice.lost.size).toBe(0);
  lattice.pass(4, (host) => numberOf(host) < 8);
  expect(Array.from(lattice.lost.keys())).toEqual(['h8', 'h9']);
});
