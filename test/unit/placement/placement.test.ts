import fc from 'fast-check';
import type { Condition, Taint, Toleration, WasmCloudActor, WasmCloudHost } from '../../../lib/api';
import {
  type Load,
  type Requirements,
  addLoad,
  choose,
  eligible,
  loadOf,
  matchesSelector,
  noLoad,
  requirementsOf,
  tolerates,
} from '../../../lib/placement';

function host(name: string, spec: Partial<WasmCloudHost['spec']> = {}, ready = true): WasmCloudHost {
  const condition: Condition = {
    type: 'Ready',
    status: ready ? 'True' : 'False',
    reason: 'Test',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
  return {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudHost',
    metadata: { name },
    spec: { lattices: ['*'], ...spec },
    status: { labels: { zone: 'a', 'hostcore.os': 'linux' }, conditions: [condition] },
  };
}

function actor(spec: Partial<WasmCloudActor['spec']> = {}): WasmCloudActor {
  return {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudActor',
    metadata: { name: 'a', namespace: 'prod' },
    spec: { image: 'x', ...spec },
  };
}

const need: Requirements = { lattice: 'prod', load: { ...noLoad, instances: 1 } };
const idle = (): Load => noLoad;
const taint: Taint = { key: 'gpu', value: 'yes', effect: 'NoSchedule' };

describe('eligible', () => {
  test('a restricted label counts where people set it, not where a host says so itself', () => {
    const labels = { 'host-restriction.kasmcloud.io/tier': 'secure' };
    const selective = { ...need, hostSelector: { matchLabels: labels } };
    const claiming = host('h');
    claiming.status = { ...claiming.status, labels };
    expect(eligible(claiming, selective, noLoad).ok).toBe(false);
    expect(eligible(host('h', { labels }), selective, noLoad).ok).toBe(true);
  });

  test.each<[string, WasmCloudHost, Requirements, Load, string | undefined]>([
    ['a ready host', host('h'), need, noLoad, undefined],
    ['one that serves the lattice by name', host('h', { lattices: ['prod', 'x'] }), need, noLoad, undefined],
    ['one of another lattice', host('h', { lattices: ['dev'] }), need, noLoad, 'not serving lattice prod'],
    ['one of no lattice', host('h', { lattices: [] }), need, noLoad, 'not serving lattice prod'],
    ['a cordoned one', host('h', { unschedulable: true }), need, noLoad, 'cordoned'],
    ['one that is not ready', host('h', {}, false), need, noLoad, 'not ready'],
    ['one without status', { ...host('h'), status: undefined }, need, noLoad, 'not ready'],
    [
      'a tainted one',
      host('h', { taints: [taint] }),
      need,
      noLoad,
      'with untolerated taint gpu=yes:NoSchedule',
    ],
    [
      'one tainted NoExecute',
      host('h', { taints: [{ key: 'k', effect: 'NoExecute' }] }),
      need,
      noLoad,
      'with untolerated taint k:NoExecute',
    ],
    [
      'one tainted PreferNoSchedule',
      host('h', { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] }),
      need,
      noLoad,
      undefined,
    ],
    [
      'a tainted one, tolerated',
      host('h', { taints: [taint] }),
      { ...need, tolerations: [{ key: 'gpu', operator: 'Exists' }] },
      noLoad,
      undefined,
    ],
    [
      'one with the label',
      host('h'),
      { ...need, hostSelector: { matchLabels: { zone: 'a' } } },
      noLoad,
      undefined,
    ],
    [
      'one whose spec overrides the label',
      host('h', { labels: { zone: 'b' } }),
      { ...need, hostSelector: { matchLabels: { zone: 'a' } } },
      noLoad,
      'not matching hostSelector',
    ],
    [
      'a full one',
      host('h', { capacity: { instances: 10 } }),
      need,
      { ...noLoad, instances: 10 },
      'without free capacity for instances',
    ],
    [
      'one with room for exactly this',
      host('h', { capacity: { instances: 10 } }),
      need,
      { ...noLoad, instances: 9 },
      undefined,
    ],
    [
      'one short of memory',
      host('h', { capacity: { memory: '1Gi' } }),
      { ...need, load: { ...noLoad, memory: 2 ** 30 + 1 } },
      noLoad,
      'without free capacity for memory',
    ],
    [
      'one overfull in what is not asked for',
      host('h', { capacity: { providers: 1 } }),
      need,
      { ...noLoad, providers: 2 },
      undefined,
    ],
  ])('%s', (_, candidate, requirements, load, reason) => {
    expect(eligible(candidate, requirements, load)).toEqual(
      reason === undefined ? { ok: true } : { ok: false, reason },
    );
  });

  test('a host that is being deleted takes nothing', () => {
    const leaving = host('h');
    leaving.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(eligible(leaving, need, noLoad)).toEqual({ ok: false, reason: 'being deleted' });
  });
});

describe('choose', () => {
  test('explains why there is none, most frequent reason first', () => {
    const requirements = { ...need, hostSelector: { matchLabels: { zone: 'b' } } };
    const hosts = [host('a'), host('b', { labels: { zone: 'b' }, unschedulable: true }), host('c')];
    expect(choose(hosts, requirements, idle)).toEqual({
      explanation: '0/3 hosts are available: 2 not matching hostSelector, 1 cordoned',
    });
    expect(choose([], need, idle)).toEqual({
      explanation: '0/0 hosts are available: no WasmCloudHost exists',
    });
  });

  test('takes the least loaded, then the first by name, and avoids PreferNoSchedule', () => {
    const load: Record<string, number> = { a: 3, b: 1, c: 1, d: 0 };
    const hosts = [
      host('c'),
      host('a'),
      host('b'),
      host('d', { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] }),
    ];
    const loadOn = (name: string): Load => ({ ...noLoad, instances: load[name] ?? 0 });
    expect(choose(hosts, need, loadOn).host?.metadata.name).toBe('b');
    expect(choose(hosts.slice(3), need, loadOn).host?.metadata.name).toBe('d');
  });

  const anyHost = fc
    .record({
      name: fc.stringMatching(/^[a-z]{1,3}$/),
      lattices: fc.constantFrom<string[]>(['*'], ['prod'], ['dev'], []),
      unschedulable: fc.boolean(),
      ready: fc.boolean(),
      taints: fc.array(
        fc.record({
          key: fc.constantFrom('x', 'y'),
          effect: fc.constantFrom('NoSchedule', 'PreferNoSchedule', 'NoExecute' as const),
        }),
        { maxLength: 2 },
      ),
      instances: fc.integer({ min: 0, max: 5 }),
    })
    .map(({ name, ready, instances, ...spec }) => host(name, { ...spec, capacity: { instances } }, ready));
  const anyHosts = fc.uniqueArray(anyHost, { selector: ({ metadata }) => metadata.name, maxLength: 8 });
  const anyLoad = fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.nat(5));

  test('never takes an ineligible host, and takes one whenever there is an eligible one', () => {
    fc.assert(
      fc.property(anyHosts, anyLoad, (hosts, loads) => {
        const loadOn = (name: string): Load => ({ ...noLoad, instances: loads[name] ?? 0 });
        const able = hosts.filter((one) => eligible(one, need, loadOn(one.metadata.name)).ok);
        const choice = choose(hosts, need, loadOn);
        if (able.length === 0) {
          const counts = /^0\/(\d+) hosts are available: (.*)$/.exec(
            (choice as { explanation: string }).explanation,
          );
          expect(Number(counts?.[1])).toBe(hosts.length);
          const sum =
            (counts?.[2] ?? '').match(/(?<=^|, )\d+/g)?.reduce((total, n) => total + Number(n), 0) ?? 0;
          expect(sum).toBe(hosts.length);
        } else expect(able).toContain(choice.host);
      }),
    );
  });

  test('does not depend on the order of the hosts', () => {
    const shuffled = anyHosts.chain((hosts) =>
      fc.tuple(fc.constant(hosts), fc.shuffledSubarray(hosts, { minLength: hosts.length })),
    );
    fc.assert(
      fc.property(shuffled, ([hosts, other]) => {
        expect(choose(other, need, idle)).toEqual(choose(hosts, need, idle));
      }),
    );
  });

  test('a burst spreads evenly over equal hosts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.nat(60), (hostCount, actors) => {
        const hosts = Array.from({ length: hostCount }, (_, i) => host(`h${i}`));
        const loads = new Map<string, Load>();
        const loadOn = (name: string): Load => loads.get(name) ?? noLoad;
        for (let i = 0; i < actors; i++) {
          const name = choose(hosts, need, loadOn).host!.metadata.name;
          loads.set(name, addLoad(loadOn(name), need.load));
        }
        const counts = hosts.map(({ metadata }) => loadOn(metadata.name).instances);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

test.each<[string, Parameters<typeof matchesSelector>[0], boolean]>([
  ['nothing', undefined, true],
  ['empty', {}, true],
  ['labels', { matchLabels: { a: '1' } }, true],
  ['another value', { matchLabels: { a: '2' } }, false],
  ['In', { matchExpressions: [{ key: 'a', operator: 'In', values: ['1', '2'] }] }, true],
  ['In, absent', { matchExpressions: [{ key: 'z', operator: 'In', values: ['1'] }] }, false],
  ['NotIn', { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['1'] }] }, false],
  ['NotIn, absent', { matchExpressions: [{ key: 'z', operator: 'NotIn', values: ['1'] }] }, true],
  ['Exists', { matchExpressions: [{ key: 'a', operator: 'Exists' }] }, true],
  ['DoesNotExist', { matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] }, false],
  ['all must hold', { matchLabels: { a: '1' }, matchExpressions: [{ key: 'z', operator: 'Exists' }] }, false],
])('selector: %s', (_, selector, expected) => {
  expect(matchesSelector(selector, { a: '1' })).toBe(expected);
});

test.each<[string, Toleration, boolean]>([
  ['everything', { operator: 'Exists' }, true],
  ['the key', { key: 'gpu', operator: 'Exists' }, true],
  ['key and value', { key: 'gpu', value: 'yes' }, true],
  ['another value', { key: 'gpu', value: 'no' }, false],
  ['another key', { key: 'cpu', operator: 'Exists' }, false],
  ['another effect', { key: 'gpu', operator: 'Exists', effect: 'NoExecute' }, false],
  ['no key and Equal', {}, false],
])('toleration: %s', (_, toleration, expected) => {
  expect(tolerates(toleration, taint)).toBe(expected);
});

test('the load of actors and providers', () => {
  expect(loadOf(actor({ instances: 7, limits: { memory: '1Ki' } }))).toEqual({
    instances: 7,
    providers: 0,
    memory: 1024,
  });
  expect(requirementsOf(actor())).toMatchObject({ lattice: 'prod', load: { instances: 1 } });
});
