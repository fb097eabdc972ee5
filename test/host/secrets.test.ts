import type { ActorRuntime } from '../../lib/host/actor-runtime';
import { CallHost } from './call-host';

const host = new CallHost([]);
let actor: ActorRuntime;
beforeAll(async () => {
  actor = await host.start('careful', 'secrets', {
    secrets: { password: { kind: 'String', value: 'hunter2' }, key: { kind: 'Bytes', value: [1, 255] } },
  });
}, 60_000);
afterAll(() => host.stop());

const reveal = (key: string): Promise<unknown> => actor.call('test:secrets/api', 'reveal', [key], {});

it('reveals secrets to a component, as text or as bytes', async () => {
  expect(await reveal('password')).toEqual({ tag: 'string', val: 'hunter2' });
  expect(await reveal('key')).toEqual({ tag: 'bytes', val: Uint8Array.of(1, 255) });
});

it.each(['none', 'constructor'])('has no secret %s', async (key) => {
  await expect(reveal(key)).rejects.toMatchObject({ payload: { tag: 'not-found' } });
});

it('reveals what took the place of a secret', async () => {
  actor.configure({}, { password: { kind: 'String', value: 'changed' } });
  expect(await reveal('password')).toEqual({ tag: 'string', val: 'changed' });
  await expect(reveal('key')).rejects.toMatchObject({ payload: { tag: 'not-found' } });
});
