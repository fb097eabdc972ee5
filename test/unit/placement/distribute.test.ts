import fc from 'fast-check';
import { type DistributeInput, type DistributionPlan, distribute } from '../../../lib/placement/distribute';
import type { DistributionHost } from '../../../lib/placement/distribution-host';

function host(name: string, options: Partial<DistributionHost> = {}): DistributionHost {
  const left = { instances: Infinity, memory: Infinity };
  return { name, labels: {}, state: 'open', room: Infinity, left, load: 0, current: 0, ...options };
}

function plan(
  spec: DistributeInput['spec'],
  hosts: readonly DistributionHost[],
  rebalancing = false,
): DistributionPlan {
  return distribute({ spec, hosts, rebalancing });
}

const desired = (result: DistributionPlan): Record<string, number> => Object.fromEntries(result.desired);
const zone = (name: string, value: string, options: Partial<DistributionHost> = {}): DistributionHost =>
  host(name, { labels: { zone: value }, ...options });
const inZone = (value: string): { matchLabels: Record<string, string> } => ({ matchLabels: { zone: value } });

describe('a Spread', () => {
  test('is even over the hosts, the least loaded first, then by name', () => {
    const hosts = [host('c'), host('a', { load: 9 }), host('b')];
    expect(desired(plan({ instances: 5 }, hosts))).toEqual({ a: 1, b: 2, c: 2 });
    expect(desired(plan({ instances: 1 }, hosts))).toEqual({ b: 1 });
    expect(desired(plan({}, hosts))).toEqual({ b: 1 });
    expect(desired(plan({ instances: 0 }, hosts))).toEqual({});
  });

  test('gives each group its share by weight and spreads it evenly inside', () => {
    const hosts = [zone('e1', 'east'), zone('e2', 'east'), zone('w1', 'west'), zone('w2', 'west'), host('x')];
    const spread = [
      { name: 'east', selector: inZone('east'), weight: 80 },
      { name: 'west', selector: inZone('west'), weight: 20 },
    ];
    const result = plan({ instances: 10, spread }, hosts);
    expect(desired(result)).toEqual({ e1: 4, e2: 4, w1: 1, w2: 1 });
    expect(result.groups).toEqual([
      { name: 'east', desired: 8, placed: 8, eligibleHosts: 2 },
      { name: 'west', desired: 2, placed: 2, eligibleHosts: 2 },
    ]);
    expect(result.problems).toEqual([]);
    expect(result.groupOf.get('x')).toBeUndefined();
  });

  test("wadm's overlapping spreads, on which it gives up, have a solution: a host is of the first group that selects it", () => {
    const at = (name: string, region: string): DistributionHost =>
      host(name, { labels: { region, cloud: 'real' } });
    const hosts = [at('1', 'us-east-1'), at('2', 'us-east-2'), at('3', 'us-west-1'), at('4', 'us-west-2')];
    const spread = [
      { name: 'eastcoast', selector: { matchLabels: { region: 'us-east-1' } }, weight: 25 },
      { name: 'westcoast', selector: { matchLabels: { region: 'us-west-1' } }, weight: 25 },
      { name: 'realcloud', selector: { matchLabels: { cloud: 'real' } }, weight: 50 },
    ];
    const result = plan({ instances: 12, spread }, hosts);
    expect(desired(result)).toEqual({ 1: 3, 2: 3, 3: 3, 4: 3 });
    expect(result.problems).toEqual([]);
    const backwards = plan(
      { instances: 12, spread: spread.slice().reverse(), whenUnsatisfiable: 'Fail' },
      hosts,
    );
    expect(desired(backwards)).toEqual({ 1: 2, 2: 2, 3: 1, 4: 1 });
    expect(backwards.problems[0]).toMatch(
      /^group westcoast has no host for 3 instances: all 1 hosts .* put the/,
    );
  });

  test('is even over the domains of topologyKey first', () => {
    const hosts = [zone('a', 'one'), zone('b', 'one'), zone('c', 'one'), zone('d', 'two'), host('e')];
    expect(desired(plan({ instances: 9, topologyKey: 'zone' }, hosts))).toEqual({
      a: 1,
      b: 1,
      c: 1,
      d: 3,
      e: 3,
    });
  });

  test.each(['Redistribute', 'Fail'] as const)('a group without hosts: %s', (whenUnsatisfiable) => {
    const spread = [
      { name: 'east', selector: inZone('east') },
      { name: 'west', selector: inZone('west') },
    ];
    const hosts = [zone('e1', 'east'), zone('w1', 'west', { state: 'unfit', reason: 'not ready' })];
    const result = plan({ instances: 4, spread, whenUnsatisfiable }, hosts);
    expect(desired(result)).toEqual({ e1: whenUnsatisfiable === 'Fail' ? 2 : 4 });
    expect(result.groups[1]).toEqual({
      name: 'west',
      desired: whenUnsatisfiable === 'Fail' ? 2 : 0,
      placed: 0,
      eligibleHosts: 0,
    });
    expect(result.problems).toEqual([
      'group west has no host for 2 instances: 0/1 hosts are available: 1 not ready',
    ]);
  });

  test('what a group has no room for goes to another, within its max', () => {
    const spread = [
      { name: 'east', selector: inZone('east') },
      { name: 'west', selector: inZone('west'), max: 4 },
    ];
    const hosts = [zone('e1', 'east', { room: 1 }), zone('w1', 'west')];
    const result = plan({ instances: 8, spread }, hosts);
    expect(desired(result)).toEqual({ e1: 1, w1: 4 });
    expect(result.problems).toEqual([
      'group east lacks room for 3 instances: 0/1 hosts are available: 1 without free capacity',
    ]);
  });

  test('says why it cannot place what no group takes', () => {
    const zero = plan({ instances: 2, spread: [{ name: 'a', weight: 0 }] }, [host('h')]);
    expect(zero.problems).toEqual(['no group takes 2 instances: raise a max, or a weight above 0']);
    const selector = {
      matchLabels: { zone: 'a' },
      matchExpressions: [{ key: 'zone', operator: 'NotIn' as const, values: ['a'] }],
    };
    const never = plan({ instances: 1, spread: [{ name: 'a', selector }] }, [host('h')]);
    expect(never.problems).toEqual([
      'group a has no host for 1 instance: its selector contradicts itself, as no value of zone meets all that is required of it',
    ]);
  });
});

describe('what wadm asserts of five hosts, two in the east, two in the west and one on the moon', () => {
  const lattice = [
    zone('e1', 'east'),
    zone('e2', 'east'),
    zone('w1', 'west'),
    zone('w2', 'west'),
    zone('moon', 'moon'),
  ];
  const total = (result: DistributionPlan, hosts: readonly DistributionHost[] = lattice): number =>
    hosts.reduce((sum, { name }) => sum + (result.desired.get(name) ?? 0), 0);

  test('9001 instances are placed, here evenly', () => {
    const result = plan({ instances: 9001 }, lattice);
    expect(desired(result)).toEqual({ e1: 1801, e2: 1800, moon: 1800, w1: 1800, w2: 1800 });
  });

  test('spreads of 5 and 3 instances lie in their regions', () => {
    const spread = ['east', 'west', 'moon'].map((name, i) => ({
      name,
      selector: inZone(name),
      weight: [40, 40, 20][i],
    }));
    const five = plan({ instances: 5, spread }, lattice);
    expect(five.groups.map(({ placed }) => placed)).toEqual([2, 2, 1]);
    const three = plan({ instances: 3, spread: spread.slice(0, 2) }, lattice);
    expect(three.groups.map(({ placed }) => placed)).toEqual([2, 1]);
    expect(three.desired.has('moon')).toBe(false);
  });

  test('after the loss of a host there are as many as before', () => {
    const running = plan({ instances: 5 }, lattice);
    const left = lattice.map((one): DistributionHost => {
      const isLost = one.name === 'e1';
      const current = isLost ? 0 : (running.desired.get(one.name) ?? 0);
      return { ...one, state: isLost ? 'unfit' : 'open', current };
    });
    const result = plan({ instances: 5 }, left);
    expect(total(result)).toBe(5);
    expect(result.desired.has('e1')).toBe(false);
    for (const { name, current } of left)
      expect(result.desired.get(name) ?? 0).toBeGreaterThanOrEqual(current);
  });
});

describe('what runs', () => {
  test('stays where it is; new ones go where there are fewest, and surplus is taken from where there are most', () => {
    const hosts = [host('a', { current: 4 }), host('b', { current: 1 }), host('c', { current: 2 })];
    const rebalance = 'Never';
    expect(desired(plan({ instances: 8, rebalance }, hosts))).toEqual({ a: 4, b: 2, c: 2 });
    expect(desired(plan({ instances: 6, rebalance }, hosts))).toEqual({ a: 3, b: 1, c: 2 });
  });

  test('stays on a cordoned host, gets no company, and is the first to go', () => {
    const hosts = [host('a', { current: 3, state: 'closed' }), host('b', { current: 3 })];
    expect(desired(plan({ instances: 6 }, hosts))).toEqual({ a: 3, b: 3 });
    expect(desired(plan({ instances: 9 }, hosts))).toEqual({ a: 3, b: 6 });
    expect(desired(plan({ instances: 5 }, hosts))).toEqual({ a: 2, b: 3 });
  });

  test('leaves an unfit host', () => {
    const hosts = [host('a', { current: 3, state: 'unfit' }), host('b', { current: 3 }), host('c')];
    expect(desired(plan({ instances: 6 }, hosts))).toEqual({ b: 3, c: 3 });
  });

  test('is not ended by a capacity that was lowered', () => {
    const hosts = [host('a', { current: 3, room: 1 }), host('b', { current: 1, room: 5 })];
    expect(desired(plan({ instances: 4, rebalance: 'Never' }, hosts))).toEqual({ a: 3, b: 1 });
  });

  test('goes to an avoided host only when the others are full', () => {
    const hosts = [host('a', { state: 'avoided' }), host('b', { room: 2 })];
    expect(desired(plan({ instances: 2 }, hosts))).toEqual({ b: 2 });
    expect(desired(plan({ instances: 3 }, hosts))).toEqual({ a: 1, b: 2 });
  });
});

describe('rebalance', () => {
  const joined = [host('a', { current: 4 }), host('b')];

  test('moves to a host that joined until all are even, however the passes fall', () => {
    const first = plan({ instances: 4 }, joined);
    expect([desired(first), first.rebalancing]).toEqual([{ a: 2, b: 2 }, true]);
    const half = [host('a', { current: 3 }), host('b', { current: 1 })];
    expect(desired(plan({ instances: 4 }, half, true))).toEqual({ a: 2, b: 2 });
    const done = plan({ instances: 4 }, [host('a', { current: 2 }), host('b', { current: 2 })], true);
    expect(done.rebalancing).toBe(false);
  });

  test('leaves an unevenness that no host caused by joining, unless it is Continuous', () => {
    const uneven = [host('a', { current: 3 }), host('b', { current: 1 })];
    expect(desired(plan({ instances: 4 }, uneven))).toEqual({ a: 3, b: 1 });
    expect(desired(plan({ instances: 4, rebalance: 'Continuous' }, uneven))).toEqual({ a: 2, b: 2 });
    expect(desired(plan({ instances: 4, rebalance: 'Never' }, joined))).toEqual({ a: 4 });
  });

  test('moves nothing to a host that is avoided, or for a difference of one', () => {
    const avoided = [host('a', { current: 4 }), host('b', { state: 'avoided' })];
    expect(desired(plan({ instances: 4, rebalance: 'Continuous' }, avoided))).toEqual({ a: 4 });
    const even = [host('a', { current: 1, load: 50 }), host('b', { current: 1 }), host('c')];
    expect(plan({ instances: 2, rebalance: 'Continuous' }, even).rebalancing).toBe(false);
  });
});

describe('a Daemon', () => {
  test('has its instances on every host of its groups, also on avoided ones', () => {
    const hosts = [
      zone('a', 'x'),
      zone('b', 'x', { state: 'avoided' }),
      zone('c', 'x', { state: 'closed', current: 1 }),
      zone('d', 'x', { state: 'closed' }),
      zone('e', 'y'),
      zone('f', 'x', { room: 1 }),
    ];
    const result = plan(
      { mode: 'Daemon', instances: 2, spread: [{ name: 'x', selector: inZone('x') }] },
      hosts,
    );
    expect(desired(result)).toEqual({ a: 2, b: 2, c: 1, f: 1 });
    expect(result.total).toBe(7);
    expect(result.problems).toEqual(['group x lacks room for 1 instance']);
  });
});

const zones = ['a', 'b', 'c'];
const anyHost = fc.record({
  labels: fc.record(
    { zone: fc.constantFrom(...zones), rack: fc.constantFrom('1', '2') },
    { requiredKeys: [] },
  ),
  state: fc.constantFrom('open', 'open', 'open', 'avoided', 'closed', 'unfit'),
  left: fc.constant({ instances: Infinity, memory: Infinity }),
  room: fc.oneof(fc.constant(Infinity), fc.integer({ min: 0, max: 8 })),
  load: fc.integer({ min: 0, max: 5 }),
  current: fc.integer({ min: 0, max: 8 }),
});
const anyHosts = fc
  .array(anyHost, { maxLength: 12 })
  .map((hosts) => hosts.map((one, i): DistributionHost => ({ ...one, name: `h${i}` })));
const anyGroup = fc.record(
  {
    selector: fc.record({ matchLabels: fc.record({ zone: fc.constantFrom(...zones) }) }),
    weight: fc.integer({ min: 0, max: 10 }),
    min: fc.integer({ min: 0, max: 6 }),
    max: fc.integer({ min: 0, max: 20 }),
  },
  { requiredKeys: [] },
);
const anySpec = fc.record(
  {
    mode: fc.constantFrom('Spread', 'Daemon'),
    instances: fc.integer({ min: 0, max: 40 }),
    spread: fc
      .array(anyGroup, { maxLength: 4 })
      .map((groups) => groups.map((one, i) => ({ ...one, name: `g${i}` }))),
    topologyKey: fc.constant('rack'),
    whenUnsatisfiable: fc.constantFrom('Redistribute', 'Fail'),
    rebalance: fc.constantFrom('Never', 'OnHostAdded', 'Continuous'),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<DistributeInput['spec']>;

describe('whatever the input', () => {
  const always = (
    check: (
      input: { spec: DistributeInput['spec']; hosts: DistributionHost[] },
      result: DistributionPlan,
    ) => void,
  ): void => {
    fc.assert(
      fc.property(anySpec, anyHosts, fc.boolean(), (spec, hosts, rebalancing) =>
        check({ spec, hosts }, distribute({ spec, hosts, rebalancing })),
      ),
      { numRuns: 300 },
    );
  };
  const again = (
    spec: DistributeInput['spec'],
    hosts: readonly DistributionHost[],
    result: DistributionPlan,
  ): DistributionPlan => {
    const then = hosts.map((one) => ({ ...one, current: result.desired.get(one.name) ?? 0 }));
    return distribute({ spec, hosts: then, rebalancing: result.rebalancing });
  };
  const sum = (result: DistributionPlan): number =>
    Array.from(result.desired.values()).reduce((a, b) => a + b, 0);

  test('no host gets more than it may, and an unfit one nothing', () => {
    always(({ hosts }, result) => {
      for (const { name, state, room, current } of hosts) {
        const amount = result.desired.get(name) ?? 0;
        const most = {
          unfit: 0,
          closed: current,
          open: Math.max(room, current),
          avoided: Math.max(room, current),
        };
        expect(amount).toBeLessThanOrEqual(most[state]);
      }
    });
  });

  test('the hosts have what the groups say they have, never more than is wanted, and less only with a reason', () => {
    always((_, result) => {
      expect(sum(result)).toBe(result.groups.reduce((total, { placed }) => total + placed, 0));
      expect(sum(result)).toBeLessThanOrEqual(result.total);
      if (sum(result) < result.total) expect(result.problems).not.toEqual([]);
    });
  });

  test('planning again from the result changes nothing', () => {
    always(({ spec, hosts }, result) => {
      // What is not open any more, or has more than its capacity, may fall twice: first its own share, then that of its group.
      for (let pass = 0; pass < 2; pass++) result = again(spec, hosts, result);
      const settled = again(spec, hosts, result);
      expect(desired(settled)).toEqual(desired(result));
      expect(settled.rebalancing).toBe(false);
    });
  });

  test('planning again from the result changes nothing at once where hosts can keep what they have', () => {
    always(({ spec: { rebalance, ...rest }, hosts }) => {
      // That a host has nothing may only show once others have given up what they had too much.
      const spec = { ...rest, rebalance: rebalance === 'Continuous' ? rebalance : ('Never' as const) };
      const able = hosts.filter(({ state, room, current }) => state === 'open' && room >= current);
      const result = distribute({ spec, hosts: able, rebalancing: false });
      expect(desired(again(spec, able, result))).toEqual(desired(result));
    });
  });

  test('the order of the hosts does not matter', () => {
    always(({ spec, hosts }) => {
      const there = distribute({ spec, hosts, rebalancing: false });
      const back = distribute({ spec, hosts: hosts.slice().reverse(), rebalancing: false });
      expect(desired(back)).toEqual(desired(there));
    });
  });

  test('without a rebalance, what need not move does not: a group only adds, or only takes away', () => {
    always(({ spec, hosts }) => {
      const result = distribute({
        spec: { ...spec, mode: 'Spread', rebalance: 'Never' },
        hosts,
        rebalancing: false,
      });
      for (const { name } of result.groups) {
        const changes = hosts
          .filter((one) => result.groupOf.get(one.name) === name && one.state !== 'unfit')
          .map((one) => (result.desired.get(one.name) ?? 0) - one.current);
        expect(changes.some((change) => change > 0) && changes.some((change) => change < 0)).toBe(false);
      }
    });
  });

  test('a continuous rebalance leaves no two open hosts of a domain two apart', () => {
    always(({ spec, hosts }) => {
      const even = distribute({
        spec: { ...spec, mode: 'Spread', rebalance: 'Continuous' },
        hosts,
        rebalancing: false,
      });
      const place = (one: DistributionHost): string =>
        `${even.groupOf.get(one.name)} ${spec.topologyKey === undefined ? '' : one.labels['rack']}`;
      for (const a of hosts) {
        for (const b of hosts) {
          if (a.state !== 'open' || b.state !== 'open' || place(a) !== place(b)) continue;
          if (even.groupOf.get(a.name) === undefined) continue;
          const [x, y] = [even.desired.get(a.name) ?? 0, even.desired.get(b.name) ?? 0];
          if (y < Math.max(b.room, b.current)) expect(x - y).toBeLessThanOrEqual(1);
        }
      }
    });
  });
});
