import type { RunningActor } from '../../../../lib/host/controllers/local-actors';
import { Replicas } from '../../../../lib/host/controllers/replicas';

interface Stub {
  name: string;
  instances: number;
  inFlight: number;
  ready: boolean;
}

const stub = (name: string, instances: number, more: Partial<Stub> = {}): Stub & RunningActor =>
  ({ name, instances, inFlight: 0, ready: true, ...more }) as Stub & RunningActor;

const anyone = (): boolean => true;

function calls(replicas: Replicas, count: number): string {
  return Array.from({ length: count }, () => (replicas.choose(anyone) as Stub & RunningActor).name).join('');
}

function replicasOf(...actors: RunningActor[]): Replicas {
  const replicas = new Replicas();
  for (const actor of actors) replicas.add(actor);
  return replicas;
}

it('gives each actor calls in proportion to its instances, evenly in time', () => {
  expect(calls(replicasOf(stub('a', 3), stub('b', 1)), 8)).toBe('aabaaaba');
  const many = calls(replicasOf(stub('a', 9), stub('b', 1)), 1000);
  expect(many.split('b').length - 1).toBe(100);
});

it('follows a change of the instances', () => {
  const canary = stub('b', 1);
  const replicas = replicasOf(stub('a', 3), canary);
  calls(replicas, 4);
  Object.assign(canary, { instances: 3 });
  expect(calls(replicas, 100).split('b').length - 1).toBe(50);
});

it('prefers who has an instance to spare, and passes over who has no worker', () => {
  const busy = stub('a', 2, { inFlight: 2 });
  const down = stub('b', 5, { ready: false });
  expect(calls(replicasOf(busy, down, stub('c', 1)), 3)).toBe('ccc');
  // A queue is better than nobody.
  expect(calls(replicasOf(busy, down), 3)).toBe('aaa');
  expect(calls(replicasOf(down, stub('d', 5, { ready: false })), 2)).toMatch(/[bd]{2}/);
});

it('chooses among those that can, and nobody when none can', () => {
  const [a, b] = [stub('a', 1), stub('b', 1)];
  const replicas = replicasOf(a, b);
  expect(replicas.choose((actor) => actor === b)).toBe(b);
  expect(replicas.choose(() => false)).toBeUndefined();
  replicas.remove(b);
  expect(replicas.choose((actor) => actor === b)).toBeUndefined();
  expect(replicas.actors).toEqual([a]);
});
