import fc from 'fast-check';
import type { WasmCloudActor } from '../../../lib/api';
import type { Change, Reflector, Subscriber } from '../../../lib/kube';
import { LoadLedger } from '../../../lib/reconciler/load-ledger';

/** As much of a reflector as the ledger follows. */
class FakeReflector {
  readonly objects = new Map<string, WasmCloudActor>();
  private subscriber: Subscriber<WasmCloudActor> = () => undefined;

  list = (): WasmCloudActor[] => Array.from(this.objects.values());

  subscribe = (subscriber: Subscriber<WasmCloudActor>): (() => void) => {
    this.subscriber = subscriber;
    return () => undefined;
  };

  set(object: WasmCloudActor): void {
    const old = this.objects.get(object.metadata.name);
    this.objects.set(object.metadata.name, object);
    this.emit({ type: old === undefined ? 'ADDED' : 'MODIFIED', object, ...(old && { old }) });
  }

  delete(name: string): void {
    const object = this.objects.get(name);
    if (object === undefined) return;
    this.objects.delete(name);
    this.emit({ type: 'DELETED', object });
  }

  private emit(change: Change<WasmCloudActor>): void {
    this.subscriber(change);
  }
}

function actor(name: string, instances: number, host?: string, uid = name): WasmCloudActor {
  return {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudActor',
    metadata: { name, namespace: 'ns', uid },
    spec: { image: 'x', instances, ...(host !== undefined && { host }) },
  };
}

let reflector: FakeReflector;
let ledger: LoadLedger;
beforeEach(() => {
  reflector = new FakeReflector();
  ledger = new LoadLedger();
});

const follow = (): unknown => ledger.follow(reflector as unknown as Reflector<WasmCloudActor>);
const on = (host: string): number => ledger.loadOn(host).instances;

test('counts what is bound, through changes and deletions', () => {
  reflector.set(actor('a', 2, 'h'));
  follow();
  reflector.set(actor('b', 3, 'h'));
  expect(on('h')).toBe(5);
  reflector.set(actor('b', 10, 'h'));
  reflector.delete('a');
  expect(on('h')).toBe(10);
});

test('counts an assumption until it is seen, and once', () => {
  follow();
  const object = actor('a', 4);
  reflector.set(object);
  expect(on('h')).toBe(0);
  ledger.assume(object, 'h');
  expect(on('h')).toBe(4);
  reflector.set(object);
  expect(on('h')).toBe(4);
  reflector.set(actor('a', 4, 'h'));
  expect(on('h')).toBe(4);
});

test('takes back an assumption that failed, or whose object is gone', () => {
  follow();
  const [a, b] = [actor('a', 1), actor('b', 1)];
  reflector.set(a);
  reflector.set(b);
  ledger.assume(a, 'h');
  ledger.assume(b, 'h');
  ledger.retract(a);
  reflector.delete('b');
  expect(on('h')).toBe(0);
});

test('a successor of the same name takes its predecessor’s place', () => {
  follow();
  reflector.set(actor('a', 7, 'h', 'u1'));
  reflector.set(actor('a', 1, 'h', 'u2'));
  expect(on('h')).toBe(1);
});

test('always equals the sum of what is bound and assumed', () => {
  const step = fc.record({
    what: fc.constantFrom('bind', 'add', 'delete', 'assume' as const),
    name: fc.constantFrom('a', 'b', 'c'),
    host: fc.constantFrom('h', 'i'),
    instances: fc.nat(9),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      reflector = new FakeReflector();
      ledger = new LoadLedger();
      follow();
      const expected = new Map<string, { host: string; instances: number }>();
      for (const { what, name, host, instances } of steps) {
        const object = reflector.objects.get(name);
        if (what === 'delete') {
          reflector.delete(name);
          expected.delete(name);
        } else if (what === 'bind') {
          reflector.set(actor(name, instances, host));
          expected.set(name, { host, instances });
        } else if (what === 'add' && object === undefined) reflector.set(actor(name, instances));
        else if (what === 'assume' && object !== undefined && object.spec.host === undefined) {
          ledger.assume(object, host);
          expected.set(name, { host, instances: object.spec.instances ?? 1 });
        }
      }
      for (const host of ['h', 'i']) {
        const sum = Array.from(expected.values())
          .filter((entry) => entry.host === host)
          .reduce((total, entry) => total + entry.instances, 0);
        expect(on(host)).toBe(sum);
      }
    }),
  );
});
