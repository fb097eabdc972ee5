import type { Event } from '../../../lib/api/core';
import { EventRecorder, KubeClient } from '../../../lib/kube';
import { FakeApi, sendJson, sendStatus, widget } from './fake-api';
import { ManualClock } from './manual-clock';

let api: FakeApi;
let refuse = false;
let clock: ManualClock;
let recorder: EventRecorder;

beforeEach(async () => {
  refuse = false;
  api = await FakeApi.start((_, response) =>
    refuse ? sendStatus(response, 403, 'Forbidden') : sendJson(response, 201, {}),
  );
  clock = new ManualClock();
  recorder = new EventRecorder(new KubeClient(api.connection), {
    controller: 'kasmcloud.io/test',
    instance: 'p',
    clock,
  });
});
afterEach(() => api.stop());

const bound = { reason: 'Bound', action: 'Binding', note: 'Bound to host a' };

test('writes an event about an object', async () => {
  recorder.record(widget('a'), bound);
  await recorder.flush();
  const event = JSON.parse(api.requests[0]!.body) as Event;
  expect(api.requests[0]!.url.pathname).toBe('/apis/events.k8s.io/v1/namespaces/ns/events');
  expect(event).toMatchObject({
    ...bound,
    type: 'Normal',
    regarding: { apiVersion: 'example.com/v1', kind: 'Widget', name: 'a', namespace: 'ns' },
    reportingController: 'kasmcloud.io/test',
  });
  expect(event.eventTime).toMatch(/\.\d{6}Z$/);
});

test('writes a repeated event once in ten minutes', async () => {
  for (let i = 0; i < 5; i++) recorder.record(widget('a'), bound);
  recorder.record(widget('a'), { ...bound, note: 'Bound to host b' });
  clock.advance(600_000);
  recorder.record(widget('a'), bound);
  await recorder.flush();
  expect(api.requests).toHaveLength(3);
});

test('drops what exceeds its bound, and survives refusals', async () => {
  for (let i = 0; i < 1000; i++) recorder.record(widget('a'), { ...bound, note: `n${i}` });
  await recorder.flush();
  expect(api.requests).toHaveLength(256);
  refuse = true;
  recorder.record(widget('a'), { ...bound, note: 'refused' });
  await recorder.flush();
  refuse = false;
  recorder.record(widget('a'), { ...bound, note: 'after' });
  await recorder.flush();
  expect(api.requests).toHaveLength(258);
});
