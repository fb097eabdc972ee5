import { ApiObject, Testing } from 'cdk8s';
import { ConfigMap, Secret } from 'cdk8s-plus-27';
import { Actor, Config, type ConfigInput, Distribution, Lattice, Provider, type Wit } from 'kasmcloud';
import { parseWit } from '../../../constructs/wit';

const image = 'registry.example.com/cart:1.4.0';

describe('wit', () => {
  const store = { namespace: 'wasi', package: 'keyvalue', interfaces: ['store'] };
  const both = { ...store, interfaces: ['store', 'atomics'] };

  test.each<[Wit, object]>([
    ['wasi:keyvalue/store', store],
    ['wasi:keyvalue/store@0.2.0-draft', store],
    ['wasi:keyvalue/store,atomics', both],
    [['wasi:keyvalue/store', 'wasi:keyvalue/atomics', 'wasi:keyvalue/store'], both],
    [both, both],
  ])('%j', (wit, parsed) => expect(parseWit(wit)).toEqual(parsed));

  test.each<[Wit, RegExp]>([
    ['wasi/http', /namespace:package\/interface, got "wasi\/http": for example/],
    ['wasi:http', /got "wasi:http"/],
    ['', /got ""/],
    [[], /got \[\]/],
    [['wasi:http/types', 'wasi:io/poll'], /one package, got wasi:http and wasi:io: make one link/],
  ])('%j is refused', (wit, message) => expect(() => parseWit(wit)).toThrow(message));

  test('a mistake names the construct that made it', () => {
    const lattice = new Lattice(Testing.app(), 'shop');
    const cart = new Actor(lattice, 'cart', { image });
    expect(() => cart.linkTo(cart, { wit: 'nonsense' })).toThrow('[shop/cart] wit must be of the form');
  });
});

test('the same link twice is refused where it is made, naming both ends', () => {
  const lattice = new Lattice(Testing.app(), 'shop');
  const cart = new Actor(lattice, 'cart', { image });
  const redis = Provider.fromProviderName(lattice, 'redis', 'redis');
  cart.linkTo(redis, { wit: 'wasi:keyvalue/store' });
  expect(() => cart.linkTo(redis, { wit: 'wasi:keyvalue/atomics' })).toThrow(
    '[shop/cart] is linked to [shop/redis] over wasi:keyvalue by the name "default" already',
  );
  expect(cart.linkTo(redis, { wit: 'wasi:keyvalue/store', name: 'backup' }).name).toBe(
    'cart-redis-wasi-keyvalue-backup',
  );
});

test('calls may be let to wait for who serves them, within bounds', () => {
  const specOf = (activationTimeoutSeconds: number): unknown => {
    const lattice = new Lattice(Testing.app(), 'shop');
    const cart = new Actor(lattice, 'cart', { image });
    const sums = Distribution.fromDistributionName(lattice, 'sums', 'sums');
    cart.linkTo(sums, { wit: 'acme:calls/math', activationTimeoutSeconds });
    return (Testing.synth(lattice).at(-1) as { spec: object }).spec;
  };
  expect(specOf(60)).toMatchObject({ activationTimeoutSeconds: 60 });
  expect(() => specOf(601)).toThrow('spec.activationTimeoutSeconds');
});

describe('configuration', () => {
  const specOf = (config: ConfigInput | undefined) => {
    const lattice = new Lattice(Testing.app(), 'shop');
    new Actor(lattice, 'cart', { image, ...(config && { config }) });
    return (Testing.synth(lattice)[1] as { spec: { config?: unknown } }).spec.config;
  };

  test('plain values', () => expect(specOf({ a: '1' })).toEqual({ values: { a: '1' } }));

  test('none', () => expect(specOf(undefined)).toBeUndefined());

  test('ConfigMaps and Secrets by reference, never by value', () => {
    const lattice = new Lattice(Testing.app(), 'shop');
    const settings = new ConfigMap(lattice, 'settings', { metadata: { name: 'settings' }, data: { b: '2' } });
    const token = new Secret(lattice, 'token', { metadata: { name: 'token' }, stringData: { c: 'hush' } });
    const cart = ApiObject.of(new Actor(lattice, 'cart', { image }));
    const redis = Secret.fromSecretName(lattice, 'redis', 'redis-credentials');
    expect(() => Config.from(cart)).toThrow('got the WasmCloudActor [shop/cart/Resource]');
    const config = specOf(Config.from(token, { a: '1' }, settings, redis, { a: '2' }));
    expect(config).toEqual({
      values: { a: '2' },
      configFrom: [{ name: 'settings' }],
      secretFrom: [{ name: 'token' }, { name: 'redis-credentials' }],
    });
  });
});
