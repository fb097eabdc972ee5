import type { WasmCloudDistribution } from '../../../lib/api';
import type { ObservedSlot } from '../../../lib/placement';
import { type Situation, figuresOf, findingsOf } from '../../../lib/reconciler/distribution/status';

const distribution: WasmCloudDistribution = {
  apiVersion: 'kasmcloud.io/v1alpha1',
  kind: 'WasmCloudDistribution',
  metadata: { name: 'echo', namespace: 'shop', generation: 7 },
  spec: { template: { actor: { image: 'x' } }, instances: 4 },
};

function slot(host: string, options: Partial<ObservedSlot> = {}): ObservedSlot {
  const counts = { instances: 2, ready: 2, available: 2, serving: true, lost: false, ending: false };
  return { revision: 'new', host, ...counts, ...options };
}

function situation(options: Partial<Situation> = {}): Situation {
  return {
    plan: {
      desired: new Map([['a', 2]]),
      groupOf: new Map([
        ['a', 'east'],
        ['b', 'west'],
      ]),
      groups: [
        { name: 'east', desired: 2, placed: 2, eligibleHosts: 1 },
        { name: 'west', desired: 2, placed: 2, eligibleHosts: 3 },
      ],
      total: 4,
      problems: [],
      rebalancing: false,
    },
    observed: [slot('a'), slot('b')],
    step: {
      wanted: [],
      crowded: false,
      currentRevision: 'new',
      progress: { revision: 'new', advancedAt: '2026-01-01T00:00:00Z', mark: 0, desired: 4 },
      observations: [{ type: 'Progressing', status: 'True', reason: 'NewRevisionAvailable', message: '' }],
    },
    updateRevision: 'new',
    ...options,
  };
}

const conditions = (given: Situation): string[] =>
  findingsOf(distribution, given).map(({ type, status, reason }) => `${type} ${status} ${reason}`);

test('all is there', () => {
  expect(conditions(situation())).toEqual([
    'Ready True Available',
    'Available True MinimumInstancesAvailable',
    'SpreadSatisfied True Satisfied',
    'Progressing True NewRevisionAvailable',
  ]);
});

test('an instance that is not ready is the cause, with what its host says', () => {
  const failing = slot('b', { ready: 1, available: 1, failure: 'ImageNotFound: no such image' });
  const given = situation({ observed: [slot('a'), failing] });
  expect(conditions(given)).toEqual([
    'Ready False InstancesUnavailable',
    'Available False MinimumInstancesUnavailable',
    'SpreadSatisfied True Satisfied',
    'Progressing True NewRevisionAvailable',
    'Reconciling True InstancesUnavailable',
  ]);
  expect(findingsOf(distribution, given)[0]?.message).toBe(
    '3 of 4 instances are available. On host b: ImageNotFound: no such image',
  );
});

test('what keeps a rollout is told while it lasts', () => {
  const rolling = { type: 'Progressing', status: 'True' as const, reason: 'RollingOut', message: '0 of 4' };
  const step = { ...situation().step, currentRevision: 'old', observations: [rolling] };
  const failing = slot('b', { ready: 0, available: 0, failure: 'ConfigNotFound: there is no ConfigMap' });
  expect(findingsOf(distribution, situation({ step, observed: [slot('a'), failing] }))[0]).toMatchObject({
    status: 'False',
    reason: 'RollingOut',
    message: '0 of 4. On host b: ConfigNotFound: there is no ConfigMap',
  });
});

test('what was not placed, or is elsewhere, shows in SpreadSatisfied, and in Ready where it is missing', () => {
  const { plan } = situation();
  const redistributed = { ...plan, problems: ['group west has no host'] };
  expect(conditions(situation({ plan: redistributed })).slice(0, 3)).toEqual([
    'Ready True Available',
    'Available True MinimumInstancesAvailable',
    'SpreadSatisfied False Unsatisfied',
  ]);
  const [east] = plan.groups;
  const missing = { ...redistributed, groups: [east!] };
  expect(conditions(situation({ plan: missing, observed: [slot('a')] }))[0]).toBe('Ready False Unsatisfied');
});

test('a write that failed, and moves, are told', () => {
  expect(conditions(situation({ failure: 'Forbidden' }))).toEqual([
    'Ready False FailedWrite',
    'Available True MinimumInstancesAvailable',
    'SpreadSatisfied True Satisfied',
    'Progressing False FailedWrite',
    'Reconciling True FailedWrite',
  ]);
  const moving = situation({ plan: { ...situation().plan, rebalancing: true } });
  expect(conditions(moving)).toContain('Reconciling True Rebalancing');
});

test('the figures leave out what is lost or on its way out', () => {
  const observed = [
    slot('a', { revision: 'old' }),
    slot('b', { available: 1 }),
    slot('c', { lost: true, ready: 0, available: 0 }),
    slot('d', { ending: true }),
  ];
  expect(figuresOf(distribution, situation({ observed }))).toEqual({
    observedGeneration: 7,
    instances: 4,
    updatedInstances: 2,
    readyInstances: 4,
    availableInstances: 3,
    selector: 'kasmcloud.io/distribution=echo',
    rebalancing: false,
    spread: [
      { name: 'east', desired: 2, ready: 2, eligibleHosts: 1 },
      { name: 'west', desired: 2, ready: 2, eligibleHosts: 3 },
    ],
  });
});
