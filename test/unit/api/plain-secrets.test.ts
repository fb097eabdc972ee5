import { plainSecrets } from '../../../lib/api/plain-secrets';

const pem = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----';

test.each([
  ['password', 'hunter2', 'looks like a secret'],
  ['DB_PASSWORD', 'hunter2', 'looks like a secret'],
  ['dbPassword', 'hunter2', 'looks like a secret'],
  ['client_secret', 'x', 'looks like a secret'],
  ['apiToken', 'x', 'looks like a secret'],
  ['API-Key', 'x', 'looks like a secret'],
  ['private.key', 'x', 'looks like a secret'],
  ['tls', pem, 'holds a private key'],
  ['creds', '-----BEGIN USER NKEY SEED-----\nSU…', 'holds a private key'],
  ['nkey', `SU${'A'.repeat(56)}`, 'is the seed of a key'],
  ['url', 'redis://:hunter2@redis.example.com', 'holds a password'],
  ['urls', 'nats://a.example.com,nats://me:hunter2@b.example.com', 'holds a password'],
])('%s: %s', (key, value, reason) => {
  expect(plainSecrets({ currency: 'EUR', [key]: value })).toEqual([{ key, reason }]);
});

test('a value that only the deployment knows is judged by its name', () => {
  expect(plainSecrets({ token: { deferred: true }, url: { deferred: true } })).toEqual([
    { key: 'token', reason: 'looks like a secret' },
  ]);
});

test('names, switches, numbers, files and placeholders are no secrets', () => {
  const harmless = {
    token_url: 'https://id.example.com/token',
    password_file: '/run/secrets/db',
    password: '/run/secrets/db',
    require_token: 'true',
    max_tokens: '4096',
    token: '',
    secret: '${SECRET}',
    secretName: 'db',
    public_key: '-----BEGIN PUBLIC KEY-----',
    key: 'visits',
    cache_key: 'v1',
    primary_key: 'id',
    seed: '42',
    url: 'postgres://shop@db.example.com:5432/shop',
    template: 'redis://user:${PASSWORD}@redis.example.com',
    address: '0.0.0.0:8080',
    image: 'registry.example.com:5000/a@sha256:0',
    monkey: 'x',
    compass: 'north',
  };
  expect(plainSecrets(harmless)).toEqual([]);
});
