import { randomUUID } from 'node:crypto';
import type { LatticeConnection } from '../../lib/lattice/connection';
import { CurveKeyPair } from '../../lib/lattice/nkeys';
import { providerSubjects } from '../../lib/lattice/subjects';
import { type Link, type Provider, WitError, connect, interfaces, wit } from '../../lib/provider';
import { parseHostData } from '../../lib/provider/host-data';
import { connectToHost } from '../../lib/provider/connect';
import { eventually } from './eventually';
import { connect as connectNats, natsOptions } from './lattice';

const lattice = `t${randomUUID().slice(0, 8)}`;
const hostKey = CurveKeyPair.generate();
const providerKey = CurveKeyPair.generate();
const definition = {
  source_id: 'app',
  target: 'kv',
  name: 'default',
  wit_namespace: 'wasi',
  wit_package: 'keyvalue',
  interfaces: ['store'],
  source_config: {},
  target_config: { bucket: 'one' },
  source_secrets: null,
  target_secrets: null,
};

let host: LatticeConnection;
beforeAll(async () => (host = await connectNats()));
afterAll(() => host.close());

/** A program that finds the lattice itself. */
function join(id: string): Promise<Provider> {
  const { servers, ...rest } = natsOptions();
  return connect({ nats: servers, ...rest, lattice, id });
}

describe('any program', () => {
  it('serves what components call, and calls what others serve', async () => {
    const [server, caller] = await Promise.all([join('memory'), join('caller')]);
    const values = new Map<string, Uint8Array>();
    server.serve(interfaces.keyvalue.store, {
      get: (bucket, key, context) => values.get(`${context.source}/${bucket}/${key}`),
      set: async (bucket, key, value, context) =>
        void values.set(`${context.source}/${bucket}/${key}`, value),
      exists: () => {
        throw new WitError({ tag: 'access-denied' } as const);
      },
    });
    await eventually(
      'it serves',
      async () => (await server.call('memory', interfaces.keyvalue.store, 'get', ['', ''])) === undefined,
    );

    const store = caller.target('memory', interfaces.keyvalue.store);
    await store.set('b', 'k', Uint8Array.of(1, 2));
    await expect(store.get('b', 'k')).resolves.toEqual(Uint8Array.of(1, 2));
    await expect(store.get('b', 'other')).resolves.toBeUndefined();
    await expect(store.exists('b', 'k')).rejects.toMatchObject({ payload: { tag: 'access-denied' } });
    await expect(store.listKeys('b', undefined)).rejects.toMatchObject({ reason: 'NoResponders' });
    await expect(caller.call('memory', interfaces.keyvalue.store, 'get', ['b', 'k'])).resolves.toHaveLength(
      2,
    );
    await Promise.all([server.close(), caller.close()]);
    await server.closed;
  });

  it('uses a connection that is there, and leaves it open', async () => {
    const echo = wit.iface('a:b/echo', { 'say-it': wit.func([['text', wit.string]], wit.string) });
    const provider = await connect({ nats: host.nats, lattice, id: 'borrowed' });
    provider.serve(echo, { sayIt: (text) => text.toUpperCase() });
    await expect(provider.target('borrowed', echo).sayIt('x')).resolves.toBe('X');
    await provider.close();
    expect(host.nats.isClosed()).toBe(false);
  });

  it('learns of links and ignores the shutdown of others', async () => {
    const provider = await join('kv');
    host.nats.publish(providerSubjects.linkPut(lattice, 'kv'), JSON.stringify(definition));
    await eventually('the link is known', () => provider.links.length === 1);
    host.nats.publish(providerSubjects.shutdown(lattice, 'kv'), JSON.stringify({ host_id: 'NOTHER' }));
    host.nats.publish(providerSubjects.shutdown(lattice, 'kv'), 'nonsense');
    const { source_id, name, wit_namespace, wit_package } = definition;
    const gone = { source_id, target: '', name, wit_namespace, wit_package, interfaces: [] };
    host.nats.publish(providerSubjects.linkDelete(lattice, 'kv'), JSON.stringify(gone));
    await eventually('the link is gone', () => provider.links.length === 0);
    await provider.close();
  });
});

describe('a process that a host started', () => {
  const { servers, tls } = natsOptions();
  const data = {
    host_id: 'NHOST',
    lattice_rpc_prefix: lattice,
    lattice_rpc_url: String(servers),
    lattice_rpc_user_jwt: '',
    lattice_rpc_user_seed: '',
    ...(tls && { lattice_rpc_tls: tls }),
    provider_key: 'kv',
    link_definitions: [definition],
    config: { level: '1' },
    secrets: { token: { kind: 'String', value: 's' } },
    host_xkey_public_key: hostKey.publicKey,
    provider_xkey_private_key: providerKey.seed,
    default_rpc_timeout_ms: 2000,
  };
  const start = (): Promise<Provider> =>
    connectToHost({}, parseHostData(Buffer.from(JSON.stringify(data)).toString('base64')));

  it('has links, configuration and secrets from the start, and follows their changes', async () => {
    const provider = await start();
    expect(provider).toMatchObject({ id: 'kv', lattice, secrets: { token: 's' }, config: { level: '1' } });
    const links: Link[] = [];
    provider.onLinkPut((link) => links.push(link));
    await eventually('the first link is told', () => links.length === 1);

    const sealed = hostKey.seal(
      Buffer.from('{"password":{"kind":"String","value":"p"}}'),
      providerKey.publicKey,
    );
    const second = { ...definition, name: 'backup', target_secrets: [...sealed] };
    // Hosts repeat themselves, and send to the id as well when there are no secrets.
    for (let time = 0; time < 2; time++) {
      host.nats.publish(providerSubjects.linkPut(lattice, providerKey.publicKey), JSON.stringify(second));
      host.nats.publish(providerSubjects.linkPut(lattice, 'kv'), JSON.stringify(definition));
    }
    const configs: unknown[] = [];
    provider.onConfig((config) => configs.push(config));
    for (const level of ['1', '2', '2']) {
      host.nats.publish(providerSubjects.configUpdate(lattice, 'kv'), JSON.stringify({ level }));
    }
    await eventually('the second link is told', () => links.length === 2);
    expect(links[1]).toMatchObject({ name: 'backup', targetSecrets: { password: 'p' } });
    await eventually('the config is told', () => configs.length === 1);
    expect(provider.config).toEqual({ level: '2' });
    await provider.close();
  });

  it('says how it is', async () => {
    const provider = await start();
    const ask = async (): Promise<unknown> =>
      (await host.nats.request(providerSubjects.health(lattice, 'kv'))).json();
    await expect(ask()).resolves.toEqual({ healthy: true });
    provider.onHealthCheck(() => {
      throw new Error('database away');
    });
    await expect(ask()).resolves.toEqual({ healthy: false, message: 'database away' });
    await provider.close();
  });

  it('ends when its own host says so', async () => {
    const provider = await start();
    const ask = (hostId: string): Promise<unknown> =>
      host.nats
        .request(providerSubjects.shutdown(lattice, 'kv'), JSON.stringify({ host_id: hostId }), {
          timeout: 500,
        })
        .then((reply) => reply.string());
    await expect(ask('NOTHER')).rejects.toThrow('TIMEOUT');
    await expect(ask('NHOST')).resolves.toBe('shutting down');
    await provider.closed;
  });
});
