import { randomUUID } from 'node:crypto';
import { AckPolicy } from 'nats';
import pino from 'pino';
import type { ServiceCallContext } from '../../lib/host/calls/local-service';
import {
  type BrokerMessage,
  MessagingNats,
  type MessagingLink,
} from '../../lib/host/providers/messaging-nats';
import type { LatticeConnection } from '../../lib/lattice';
import { eventually } from './host-agent-harness';
import { connect } from './lattice';

type Delivery = BrokerMessage & { target: string };

let connection: LatticeConnection;
/** Somebody else on the same server. */
let peer: LatticeConnection;
let subject: string;
const providers: MessagingNats[] = [];
const lines: { msg: string; error?: string; lost?: number }[] = [];
const log = pino({ level: 'trace' }, { write: (text: string) => lines.push(JSON.parse(text) as never) });

beforeAll(async () => {
  [connection, peer] = await Promise.all([connect(), connect()]);
});
beforeEach(() => {
  subject = `test-${randomUUID()}`;
  lines.length = 0;
});
afterEach(async () => {
  for (const each of providers.splice(0)) await each.stop(0);
});
afterAll(async () => {
  await Promise.all([connection.close(), peer.close()]);
});

function provider(deliver: (message: Delivery) => Promise<void> | void = () => undefined): MessagingNats {
  const made = new MessagingNats({
    connection: () => connection,
    deliver: async ({ target }, message) => deliver({ target, ...message }),
    log,
  });
  providers.push(made);
  return made;
}

const link = (subscriptions: string, target = 'worker'): MessagingLink => ({
  name: `lattice/${target}`,
  target,
  sourceConfig: { subscriptions },
});
const context: ServiceCallContext = {
  source: 'component',
  linkName: 'default',
  sourceConfig: {},
  targetConfig: {},
  signal: new AbortController().signal,
};
const send = (from: MessagingNats, func: string, ...args: unknown[]): Promise<unknown> =>
  from.service.call('wasmcloud:messaging/consumer@0.2.0', func, args, context);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array): string => Buffer.from(value).toString();
/** Subscriptions of this connection are with the server. */
const settled = (): Promise<void> => connection.nats.flush();

it('publishes, with and without a reply address', async () => {
  const subscription = peer.nats.subscribe(subject, { max: 2 });
  await peer.nats.flush();
  const from = provider();
  await send(from, 'publish', { subject, body: bytes('one'), replyTo: undefined });
  await send(from, 'publish', { subject, body: bytes('two'), replyTo: `${subject}.replies` });
  const received: unknown[] = [];
  for await (const { data, reply } of subscription) received.push([text(data), reply]);
  expect(received).toEqual([
    ['one', ''],
    ['two', `${subject}.replies`],
  ]);
});

it('requests, and says why there is no reply', async () => {
  peer.nats.subscribe(subject, {
    max: 1,
    callback: (_, message) => message.respond(Buffer.concat([message.data, bytes('!')])),
  });
  peer.nats.subscribe(`${subject}.silent`, { max: 1, callback: () => undefined });
  await peer.nats.flush();
  const from = provider();
  const answer = (await send(from, 'request', subject, bytes('hello'), 5_000)) as BrokerMessage;
  expect({ ...answer, body: text(answer.body) }).toEqual({
    subject: expect.stringMatching(/^_INBOX\./) as string,
    body: 'hello!',
    replyTo: undefined,
  });
  await expect(send(from, 'request', `${subject}.nobody`, bytes(''), 5_000)).rejects.toMatchObject({
    payload: `Nobody listens on ${subject}.nobody`,
  });
  await expect(send(from, 'request', `${subject}.silent`, bytes(''), 50)).rejects.toMatchObject({
    payload: `No reply from ${subject}.silent within 50 ms`,
  });
});

it('lets no component speak to NATS or to hosts, nor smuggle commands', async () => {
  const from = provider();
  const refused = [
    '$JS.API.STREAM.LIST',
    '$SYS.REQ',
    'wasmbus.ctl.v1.default.host.ping',
    'default.other.wrpc.0.0.1.x',
    'a b',
    'a\r\nPUB b 0',
    'a.*',
    '>',
    'a..b',
    '',
  ];
  for (const subject of refused) {
    await expect(
      send(from, 'publish', { subject, body: bytes(''), replyTo: undefined }),
    ).rejects.toHaveProperty('payload');
    await expect(send(from, 'request', subject, bytes(''), 100)).rejects.toHaveProperty('payload');
    const hidden = { subject: 'test', body: bytes(''), replyTo: subject };
    await expect(send(from, 'publish', hidden)).rejects.toHaveProperty('payload');
  }
});

it('delivers what a consumer of JetStream keeps, until it is handled', async () => {
  const js = peer.nats.jetstream();
  const manager = await peer.nats.jetstreamManager();
  const stream = subject.replace(/-/g, '');
  await manager.streams.add({ name: stream, subjects: [subject] });
  const consumers = JSON.stringify([{ stream, consumer: 'worker', max_messages: 10 }]);
  const wanted = [{ name: 'lattice/worker', target: 'worker', sourceConfig: { consumers } }];
  let fails = true;
  const got: string[] = [];
  const to = provider(({ body, target, replyTo }) => {
    got.push(`${text(body)} for ${target}${replyTo ?? ''}`);
    if (text(body) === 'second' && fails) {
      fails = false;
      throw new Error('not now');
    }
  });
  await expect(to.setLinks(wanted)).rejects.toThrow('consumer not found');
  await manager.consumers.add(stream, { durable_name: 'worker', ack_policy: AckPolicy.Explicit });
  await js.publish(subject, 'first');
  await to.setLinks(wanted);
  await js.publish(subject, 'second');
  await eventually(() =>
    expect(got).toEqual(['first', 'second', 'second'].map((each) => `${each} for worker`)),
  );
  await expect(
    to.setLinks([{ ...wanted[0]!, sourceConfig: { consumers: '[{"stream": "S"}]' } }]),
  ).rejects.toThrow('is no list of consumers');
  await to.stop(5_000);
  await settled();
  await js.publish(subject, 'third');
  await eventually(async () =>
    expect(await manager.consumers.info(stream, 'worker')).toMatchObject({
      num_ack_pending: 0,
      num_pending: 1,
    }),
  );
  expect(got).toHaveLength(3);
  await manager.streams.delete(stream);
});

it('delivers what links subscribe to, to the component of each, and reply addresses with it', async () => {
  const got: Delivery[] = [];
  const to = provider(async (message) => {
    got.push(message);
    if (message.replyTo)
      await send(to, 'publish', { subject: message.replyTo, body: message.body, replyTo: undefined });
  });
  await to.setLinks([link(`${subject}.orders.*, ${subject}.all.>`), link(`${subject}.orders.new`, 'other')]);
  await settled();
  const reply = await peer.nats.request(`${subject}.all.a.b`, bytes('ping'), { timeout: 5_000 });
  expect(text(reply.data)).toBe('ping');
  peer.nats.publish(`${subject}.orders.new`, bytes('order'));
  peer.nats.publish(`${subject}.elsewhere`, bytes('lost'));
  await eventually(() => expect(got).toHaveLength(3));
  expect(
    got
      .slice(1)
      .map(({ target, subject, replyTo }) => [target, subject, replyTo])
      .sort(),
  ).toEqual([
    ['other', `${subject}.orders.new`, undefined],
    ['worker', `${subject}.orders.new`, undefined],
  ]);
});

it('shares messages within a queue group, and copies them without one', async () => {
  const counts = { shared: 0, copied: 0 };
  const members = [0, 1].map(() =>
    provider(({ subject: from }) => void (from.endsWith('.shared') ? counts.shared++ : counts.copied++)),
  );
  for (const member of members) await member.setLinks([link(`${subject}.shared|workers,${subject}.copied`)]);
  await settled();
  for (let at = 0; at < 20; at++) {
    peer.nats.publish(`${subject}.shared`);
    peer.nats.publish(`${subject}.copied`);
  }
  await eventually(() => expect(counts).toEqual({ shared: 20, copied: 40 }));
});

it('follows its links, keeping subscriptions that stay', async () => {
  const got: string[] = [];
  const to = provider(({ subject: from }) => void got.push(from.slice(subject.length + 1)));
  await to.setLinks([link(`${subject}.a,${subject}.b`)]);
  await to.setLinks([link(`${subject}.b,${subject}.c`)]);
  await settled();
  for (const name of ['a', 'b', 'c']) peer.nats.publish(`${subject}.${name}`);
  await eventually(() => expect(got.sort()).toEqual(['b', 'c']));
  await to.setLinks([]);
  await eventually(() =>
    expect(peer.nats.request(`${subject}.b`, undefined, { timeout: 1_000 })).rejects.toThrow('503'),
  );
});

it('serves the good subscriptions of links when others are not', async () => {
  const got: string[] = [];
  const to = provider(({ target }) => void got.push(target));
  const bad = (sourceConfig: Record<string, string>): Promise<unknown> =>
    to.setLinks([{ name: 'lattice/bad', target: 'bad', sourceConfig }, link(subject)]).then(
      () => 'nothing',
      ({ message }: Error) => message,
    );
  expect(await bad({ subscriptions: 'a b' })).toContain(
    'link lattice/bad: sourceConfig: subscriptions: "a b"',
  );
  expect(await bad({ subscriptions: 'a|b|c' })).toContain('"a|b|c" is no subscription');
  expect(await bad({ subscriptions: 'a', cluster_uris: 'nats://elsewhere' })).toContain(
    'Remove cluster_uris',
  );
  expect(await bad({ subscription: 'a' })).toContain('did you mean subscriptions?');
  await settled();
  peer.nats.publish(subject);
  await eventually(() => expect(got).toEqual(['worker']));
});

it('handles a bounded number at a time, all of them in the end, and goes on after a failure', async () => {
  let running = 0;
  let most = 0;
  let handled = 0;
  const to = provider(async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
    if (handled++ === 0) throw new Error('component trapped');
  });
  await to.setLinks([link(subject)]);
  await settled();
  for (let at = 0; at < 500; at++) peer.nats.publish(subject);
  await eventually(() => expect(handled).toBe(500));
  expect(most).toBe(75);
  expect(lines).toContainEqual(
    expect.objectContaining({ msg: 'Message was not handled', error: 'component trapped' }),
  );
});

it('says how many messages it lost when a component is too slow', async () => {
  let free: () => void = () => undefined;
  const blocked = new Promise<void>((resolve) => (free = resolve));
  let handled = 0;
  const to = provider(async () => {
    await blocked;
    handled++;
  });
  await to.setLinks([link(subject)]);
  await settled();
  for (let at = 0; at < 5_000; at++) peer.nats.publish(subject);
  await peer.nats.flush();
  await eventually(() =>
    expect(lines.map(({ msg }) => msg)).toContain('Messages are lost, as they arrive faster than handled'),
  );
  await settled();
  free();
  await eventually(() => expect(lines.find(({ lost }) => lost)?.lost).toBe(5_000 - handled));
  expect(handled).toBe(4096 + 75);
});

it('lets messages that have arrived be handled when it stops', async () => {
  let handled = 0;
  const to = provider(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    handled++;
  });
  await to.setLinks([link(subject)]);
  await settled();
  for (let at = 0; at < 100; at++) peer.nats.publish(subject);
  await peer.nats.flush();
  await to.stop(10_000);
  expect(handled).toBe(100);
});

it('says that NATS is away', async () => {
  const away = new MessagingNats({ connection: () => undefined, deliver: async () => undefined, log });
  await expect(away.setLinks([link(subject)])).rejects.toThrow('not connected to NATS');
  await expect(send(away, 'publish', { subject, body: bytes(''), replyTo: undefined })).rejects.toMatchObject(
    {
      payload: 'The host is not connected to NATS',
    },
  );
});
