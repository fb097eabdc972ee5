import { WitError } from '../../../../lib/host/engine/engine';
import { Guest, type GuestContext, type LinkedCall } from '../../../../lib/host/wasi/guest';
import { keyvalue } from '../../../../lib/host/wasi/keyvalue';

type Bucket = Record<string, (...args: unknown[]) => Promise<unknown>>;

const calls: Partial<LinkedCall>[] = [];
let answer: () => unknown;
const context: GuestContext = {
  config: {},
  secrets: {},
  log: () => undefined,
  call: ({ interface: name, wireInterface, function: func, linkName, args }) => {
    calls.push({ interface: name, wireInterface, function: func, linkName, args });
    return {
      ready: () => true,
      subscribe: () => () => undefined,
      result: () => answer(),
      forget: () => undefined,
    };
  },
  stream: () => {
    throw new Error('nothing streams');
  },
};
const guest = new Guest(context);
const imports = keyvalue(guest);
const { open } = imports['wasi:keyvalue/store'] as unknown as { open: (name: string) => Bucket };
const atomics = imports['wasi:keyvalue/atomics'] as unknown as Record<
  string,
  (...args: unknown[]) => unknown
>;
const batch = imports['wasi:keyvalue/batch'] as unknown as Record<string, (...args: unknown[]) => unknown>;
const value = Uint8Array.of(1, 2);

beforeEach(() => {
  calls.length = 0;
  answer = () => undefined;
  guest.begin(undefined);
});

const wire = (name: string): object => ({
  interface: `wasi:keyvalue/${name}@0.2.0-draft`,
  wireInterface: `wrpc:keyvalue/${name}@0.2.0-draft`,
  linkName: 'default',
});

it('asks nobody to open a bucket', () => {
  open('sessions');
  expect(calls).toEqual([]);
});

it.each([
  ['get', ['key'], 'get'],
  ['set', ['key', value], 'set'],
  ['delete', ['key'], 'delete'],
  ['exists', ['key'], 'exists'],
  ['listKeys', [7n], 'list-keys'],
  ['listKeys', [undefined], 'list-keys'],
])('sends bucket.%s with the name of the bucket first', async (method, args, func) => {
  answer = () => 'answered';
  expect(await open('sessions')[method]?.(...args)).toBe('answered');
  expect(calls).toEqual([{ ...wire('store'), function: func, args: ['sessions', ...args] }]);
});

it('sends atomics and batch with the name in place of the bucket', async () => {
  const bucket = open('sessions');
  await atomics['increment']?.(bucket, 'visits', 2n);
  await batch['getMany']?.(bucket, ['a', 'b']);
  await batch['setMany']?.(bucket, [['a', value]]);
  await batch['deleteMany']?.(bucket, ['a']);
  expect(calls).toEqual([
    { ...wire('atomics'), function: 'increment', args: ['sessions', 'visits', 2n] },
    { ...wire('batch'), function: 'get-many', args: ['sessions', ['a', 'b']] },
    { ...wire('batch'), function: 'set-many', args: ['sessions', [['a', value]]] },
    { ...wire('batch'), function: 'delete-many', args: ['sessions', ['a']] },
  ]);
});

it('gives the error of the provider to the guest', async () => {
  answer = () => {
    throw new WitError({ tag: 'no-such-store' });
  };
  await expect(open('sessions')['get']?.('key')).rejects.toMatchObject({ payload: { tag: 'no-such-store' } });
});

it('follows the link that the guest chose for the interface', async () => {
  guest.linkNames.set('wasi:keyvalue/store', 'archive');
  const bucket = open('archive');
  await bucket['get']?.('key');
  await atomics['increment']?.(bucket, 'visits', 1n);
  expect(calls.map(({ linkName }) => linkName)).toEqual(['archive', 'default']);
});
