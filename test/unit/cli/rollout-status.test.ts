import type { Condition, WasmCloudDistribution, WasmCloudDistributionStatus } from '../../../lib/api';
import { stateOf } from '../../../lib/cli/rollout-status';

const progressing = (status: Condition['status'], reason: string, message = ''): Condition => ({
  type: 'Progressing',
  status,
  reason,
  message,
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

function distribution(
  status: WasmCloudDistributionStatus,
  spec: Partial<WasmCloudDistribution['spec']> = {},
): WasmCloudDistribution {
  return {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudDistribution',
    metadata: { name: 'echo', generation: 2 },
    spec: { template: { actor: { image: 'a' } }, instances: 3, ...spec },
    status: { observedGeneration: 2, currentRevision: 'echo-1', updateRevision: 'echo-2', ...status },
  };
}

it.each<[WasmCloudDistribution, string]>([
  [distribution({ observedGeneration: 1 }), 'Waiting for distribution spec update to be observed...'],
  [
    distribution({}, { rollbackTo: { revision: 1 } }),
    'Waiting for distribution spec update to be observed...',
  ],
  [
    distribution({ instances: 4, updatedInstances: 1, availableInstances: 3 }),
    'Waiting for distribution "echo" rollout to finish: 1 out of 3 new instances have been updated...',
  ],
  [
    distribution({ instances: 4, updatedInstances: 3, availableInstances: 3 }),
    'Waiting for distribution "echo" rollout to finish: 1 old instances are pending termination...',
  ],
  [
    distribution({ instances: 3, updatedInstances: 3, availableInstances: 2 }),
    'Waiting for distribution "echo" rollout to finish: 2 of 3 updated instances are available...',
  ],
  [
    distribution({
      instances: 4,
      updatedInstances: 1,
      conditions: [progressing('True', 'CanaryWaits', 'Watches step 1 of 2')],
    }),
    'Waiting for distribution "echo" rollout to finish: Watches step 1 of 2...',
  ],
  [
    distribution({
      instances: 0,
      rollout: { desired: 0, revision: '2', advancedAt: '2026-01-01T00:00:00Z', mark: 0 },
      currentRevision: 'echo-2',
      conditions: [
        progressing('True', 'NewRevisionAvailable'),
        {
          ...progressing('False', 'Unsatisfied', 'group all has no host for 3 instances'),
          type: 'SpreadSatisfied',
        },
      ],
    }),
    'Waiting for distribution "echo" rollout to finish: group all has no host for 3 instances...',
  ],
  [
    distribution({ instances: 3, updatedInstances: 3, availableInstances: 3 }),
    'Waiting for distribution "echo" rollout to finish: the new revision proves itself...',
  ],
])('tells how far a rollout is', (given, text) => {
  expect(stateOf(given)).toEqual({ text, done: false });
});

it('ends when all is new and available, wherever the number of instances comes from', () => {
  const status = {
    instances: 6,
    updatedInstances: 6,
    availableInstances: 6,
    currentRevision: 'echo-2',
    rollout: { revision: '2', advancedAt: '2026-01-01T00:00:00Z', mark: 6, desired: 6 },
  };
  expect(stateOf(distribution(status, { mode: 'Daemon', instances: 1 }))).toEqual({
    text: 'distribution "echo" successfully rolled out',
    done: true,
  });
});

it('fails when the rollout has come to a halt', () => {
  const late = [progressing('False', 'ProgressDeadlineExceeded', '0 of 3')];
  expect(() => stateOf(distribution({ conditions: late }))).toThrow(
    '"echo" exceeded its progress deadline: 0 of 3',
  );
  const aborted = [progressing('False', 'CanaryAborted', 'calls fail')];
  expect(() => stateOf(distribution({ conditions: aborted }))).toThrow('(CanaryAborted): calls fail');
  const rival = [{ ...progressing('True', 'ComponentIdConflict', 'echo2 is older'), type: 'Stalled' }];
  expect(() => stateOf(distribution({ conditions: rival }))).toThrow('(ComponentIdConflict): echo2 is older');
});

it('ends when all is available although a group of the spread gave its share away', () => {
  const conditions = [
    { ...progressing('True', 'Available'), type: 'Ready', observedGeneration: 2 },
    { ...progressing('False', 'Unsatisfied', 'group b has no host'), type: 'SpreadSatisfied' },
  ];
  const status = { instances: 3, updatedInstances: 3, availableInstances: 3, currentRevision: 'echo-2' };
  expect(stateOf(distribution({ ...status, conditions }))).toMatchObject({ done: true });
});
