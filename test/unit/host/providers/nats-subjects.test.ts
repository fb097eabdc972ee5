import { checkPublished, parseSubscriptions } from '../../../../lib/host/providers/nats-subjects';

it.each([
  ['', []],
  [' , ', []],
  ['a', [{ subject: 'a', queue: undefined }]],
  [
    'a.*.c, b.>|workers',
    [
      { subject: 'a.*.c', queue: undefined },
      { subject: 'b.>', queue: 'workers' },
    ],
  ],
  ['>', [{ subject: '>', queue: undefined }]],
])('reads the subscriptions %j', (list, expected) => {
  expect(parseSubscriptions(list)).toEqual(expected);
});

it.each(['a b', 'a|', '|q', 'a|b|c', 'a..b', '.a', 'a.', '>.a', 'a.>.b', 'a*', 'a\r\nSUB x 1', 'a|q r'])(
  'refuses the subscription %j',
  (list) => {
    expect(() => parseSubscriptions(`good,${list}`)).toThrow('is no subscription');
  },
);

it.each(['a', 'a.b-c_d', '_INBOX.abc.1', 'orders.wrpc', 'wasmbusy'])(
  'lets components publish to %s',
  (subject) => {
    expect(() => checkPublished(subject)).not.toThrow();
  },
);

it.each([
  '$JS.API.INFO',
  '$KV.x.y',
  'wasmbus.ctl.v1.x',
  'lattice.id.wrpc.0.0.1.f',
  'a b',
  'a.*',
  '>',
  '',
  'a\n',
])('keeps components from publishing to %j', (subject) => {
  expect(() => checkPublished(subject)).toThrow(/reserved|no subject/);
});
