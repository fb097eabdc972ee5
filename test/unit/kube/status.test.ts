import { KubeClient, applyStatus, covers } from '../../../lib/kube';
import { FakeApi, Widgets, sendJson, widget } from './fake-api';

test.each<[string, unknown, unknown, boolean]>([
  ['equal values', { a: 1, b: 'x' }, { a: 1, b: 'x' }, true],
  ['more than wanted', { a: 1, b: 2 }, { a: 1 }, true],
  ['less than wanted', { a: 1 }, { a: 1, b: 2 }, false],
  ['no status at all', undefined, { a: 1 }, false],
  ['wanted undefined', { a: 1 }, { a: 1, b: undefined }, true],
  ['another value', { a: 1 }, { a: '1' }, false],
  ['lists by position', { l: ['a', 'b'] }, { l: ['b', 'a'] }, false],
  ['a shorter list', { l: ['a', 'b'] }, { l: ['a'] }, false],
  ['an emptied list', { l: ['a'] }, { l: [] }, false],
  [
    'conditions by type',
    {
      conditions: [
        { type: 'A', status: 'True' },
        { type: 'B', status: 'False', reason: 'R' },
      ],
    },
    { conditions: [{ type: 'B', status: 'False' }] },
    true,
  ],
  [
    'a condition that differs',
    { conditions: [{ type: 'A', status: 'True' }] },
    { conditions: [{ type: 'A', status: 'False' }] },
    false,
  ],
])('covers: %s', (_, actual, wanted, expected) => {
  expect(covers(actual, wanted)).toBe(expected);
});

test('writes a status only when it says something new', async () => {
  const api = await FakeApi.start(({ body }, response) => sendJson(response, 200, JSON.parse(body)));
  try {
    const client = new KubeClient(api.connection);
    const object = { ...widget('a'), status: { size: 1, other: true } };
    expect(await applyStatus(client, Widgets, object, { size: 1 }, { fieldManager: 'm' })).toBe(false);
    expect(api.requests).toHaveLength(0);
    expect(await applyStatus(client, Widgets, object, { size: 2 }, { fieldManager: 'm', force: true })).toBe(
      true,
    );
    const { url, body } = api.requests[0]!;
    expect(`${url.pathname}${url.search}`).toBe(
      '/apis/example.com/v1/namespaces/ns/widgets/a/status?fieldManager=m&force=true',
    );
    expect(JSON.parse(body)).toEqual({
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'a', namespace: 'ns' },
      status: { size: 2 },
    });
  } finally {
    await api.stop();
  }
});
