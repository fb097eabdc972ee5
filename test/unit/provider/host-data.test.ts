import { PassThrough } from 'node:stream';
import { CurveKeyPair } from '../../../lib/lattice/nkeys';
import { parseHostData, readHostData } from '../../../lib/provider/host-data';
import type { LinkDefinition } from '../../../lib/lattice/provider-contract';
import { readLink } from '../../../lib/provider/link';

const data = {
  host_id: 'NABC',
  lattice_rpc_prefix: 'default',
  lattice_rpc_url: 'nats://127.0.0.1:4222',
  provider_key: 'kv',
  env_values: {},
  link_definitions: [],
  later_field: 1,
};
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');

describe('host data', () => {
  it('is one line of base64, whether or not the input ends', async () => {
    const input = new PassThrough();
    input.write(base64(data).slice(0, 10));
    input.write(`${base64(data).slice(10)}\r\n`);
    await expect(readHostData(input)).resolves.toMatchObject({ provider_key: 'kv', config: {}, secrets: {} });
  });

  it.each([
    ['nothing', '', 'holds no host data'],
    ['text of a terminal', 'hello\n', 'holds no host data'],
    ['an older host', base64({ ...data, host_id: undefined }), 'has no host_id'],
  ])('refuses %s', (_, text, message) => expect(() => parseHostData(text)).toThrow(message));
});

describe('links', () => {
  const definition: LinkDefinition = {
    source_id: 'app',
    target: 'kv',
    wit_namespace: 'wasi',
    wit_package: 'keyvalue',
    interfaces: ['store'],
    target_config: { url: 'redis' },
  };

  it('have a default name and no secrets unless they say otherwise', () => {
    expect(readLink(definition, undefined)).toEqual({
      source: 'app',
      target: 'kv',
      name: 'default',
      witNamespace: 'wasi',
      witPackage: 'keyvalue',
      interfaces: ['store'],
      sourceConfig: {},
      targetConfig: { url: 'redis' },
      sourceSecrets: {},
      targetSecrets: {},
    });
  });

  it('carry secrets that only this provider can open', () => {
    const [host, provider, other] = [
      CurveKeyPair.generate(),
      CurveKeyPair.generate(),
      CurveKeyPair.generate(),
    ];
    const secrets = { password: { kind: 'String', value: 'x' }, key: { kind: 'Bytes', value: [1, 2] } };
    const sealed = [...host.seal(Buffer.from(JSON.stringify(secrets)), provider.publicKey)];
    const link = { ...definition, source_secrets: null, target_secrets: sealed };
    expect(readLink(link, { provider, host: host.publicKey }).targetSecrets).toEqual({
      password: 'x',
      key: Uint8Array.of(1, 2),
    });
    expect(() => readLink(link, { provider: other, host: host.publicKey })).toThrow('does not open');
  });
});
