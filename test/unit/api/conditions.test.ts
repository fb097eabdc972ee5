import { type Condition, conditionOf, isReady, setCondition, type WasmCloudActor } from '../../../lib/api';

const early = new Date('2030-01-01T00:00:00.123Z');
const late = new Date('2030-01-01T01:00:00Z');
const ready = {
  type: 'Ready',
  status: 'True',
  reason: 'Serving',
  message: '',
  observedGeneration: 1,
} as const;

function actor(conditions: Condition[], generation = 1): WasmCloudActor {
  return {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudActor',
    metadata: { name: 'echo', namespace: 'shop', generation },
    spec: { image: 'echo:1' },
    status: { conditions },
  };
}

describe('setCondition', () => {
  test('adds an observation with its time, to the second', () => {
    expect(setCondition(undefined, ready, early)).toEqual([
      { ...ready, lastTransitionTime: '2030-01-01T00:00:00Z' },
    ]);
  });

  test('keeps the time while the status stays, and equals itself when nothing changed', () => {
    const first = setCondition([], ready, early);
    expect(setCondition(first, ready, late)).toEqual(first);
    const [again] = setCondition(first, { ...ready, reason: 'Other', observedGeneration: 2 }, late);
    expect(again).toMatchObject({ reason: 'Other', lastTransitionTime: '2030-01-01T00:00:00Z' });
  });

  test('moves the time when the status flips, in place and without touching the old array', () => {
    const other = { ...ready, type: 'Placed' };
    const first = setCondition(setCondition([], ready, early), other, early);
    const second = setCondition(first, { ...ready, status: 'False' }, late);
    expect(second.map(({ type, status, lastTransitionTime }) => [type, status, lastTransitionTime])).toEqual([
      ['Ready', 'False', '2030-01-01T01:00:00Z'],
      ['Placed', 'True', '2030-01-01T00:00:00Z'],
    ]);
    expect(first[0]?.status).toBe('True');
  });

  test.each(['Reconciling', 'Stalled'])('%s is present only while true', (type) => {
    const set = setCondition([], { ...ready, type }, early);
    expect(set).toHaveLength(1);
    expect(setCondition(set, { ...ready, type, status: 'False' }, late)).toEqual([]);
    expect(setCondition([], { ...ready, type, status: 'Unknown' }, late)).toEqual([]);
  });

  test('cuts a message to what the API server takes', () => {
    expect(setCondition([], { ...ready, message: 'x'.repeat(40_000) })[0]?.message).toHaveLength(32_768);
  });
});

test('an object is ready when Ready is true for its present generation', () => {
  const conditions = setCondition([], ready, early);
  expect(isReady(actor(conditions))).toBe(true);
  expect(isReady(actor(conditions, 2))).toBe(false);
  expect(isReady(actor(setCondition(conditions, { ...ready, status: 'Unknown' })))).toBe(false);
  expect(isReady(actor([]))).toBe(false);
  expect(conditionOf(actor(conditions), 'Ready')?.reason).toBe('Serving');
  expect(conditionOf(actor(conditions), 'Placed')).toBeUndefined();
});
