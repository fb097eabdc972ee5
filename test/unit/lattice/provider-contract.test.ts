import { CurveKeyPair } from '../../../lib/lattice/nkeys';
import {
  encodeHostData,
  openSecrets,
  sealSecrets,
  secretValue,
} from '../../../lib/lattice/provider-contract';

it('writes one line of base64 with all that readers of wasmCloud insist on', () => {
  const line = encodeHostData({
    host_id: 'N',
    lattice_rpc_prefix: 'l',
    lattice_rpc_url: 'nats://a:4222',
    lattice_rpc_user_jwt: '',
    lattice_rpc_user_seed: '',
    provider_key: 'p',
    instance_id: 'i',
    link_definitions: [],
    config: {},
    secrets: {},
    host_xkey_public_key: 'X',
    provider_xkey_private_key: 'SX',
  });
  expect(line).toMatch(/^[A-Za-z0-9+/]+=*\r\n$/);
  expect(JSON.parse(Buffer.from(line, 'base64').toString())).toMatchObject({
    provider_key: 'p',
    link_name: 'default',
    env_values: {},
    cluster_issuers: [],
    link_definitions: [],
    otel_config: { enable_observability: false, protocol: 'Http' },
  });
});

it('seals secrets for one reader, and none as null', () => {
  const [host, provider, other] = [CurveKeyPair.generate(), CurveKeyPair.generate(), CurveKeyPair.generate()];
  const secrets = { word: secretValue(Buffer.from('psst')), raw: secretValue(Buffer.of(0xff, 0)) };
  const sealed = sealSecrets(secrets, host, provider.publicKey)!;
  expect(openSecrets(sealed, provider, host.publicKey)).toEqual({
    word: { kind: 'String', value: 'psst' },
    raw: { kind: 'Bytes', value: [0xff, 0] },
  });
  expect(() => openSecrets(sealed, other, host.publicKey)).toThrow();
  expect(sealSecrets({}, host, provider.publicKey)).toBeNull();
});
