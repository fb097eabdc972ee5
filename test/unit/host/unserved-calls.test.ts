import { registry } from '../../../lib/base/metrics';
import { RouteError } from '../../../lib/host/calls/route-error';
import { type Callee, UnservedCalls, maxHeld } from '../../../lib/host/calls/unserved-calls';

const cart = { namespace: 'shop', component: 'cart' };
const nobody = new RouteError('NoResponders', 'nobody serves that');
const failing = (): Promise<never> => Promise.reject(nobody);

let linked: Callee[];
let calls: UnservedCalls;

beforeEach(() => {
  linked = [cart];
  calls = new UnservedCalls({ host: 'edge', linked: () => linked });
});
afterEach(() => calls.stop());

/** What is told of `cart`. */
async function told(name: string): Promise<string | undefined> {
  const text = await registry.getSingleMetricAsString(`kasmcloud_${name}`);
  const series = `kasmcloud_${name}{namespace="shop",component="cart",host="edge"} `;
  const line = text.split('\n').find((each) => each.startsWith(series));
  return line?.slice(series.length);
}

test('what is linked is told of before its first call, and not for longer than it is linked', async () => {
  expect(await told('unserved_calls_total')).toBe('0');
  await expect(calls.again(cart, nobody, { waitMs: 0 }, failing)).rejects.toBe(nobody);
  expect(await told('unserved_calls_total')).toBe('1');
  linked = [];
  expect(await told('unserved_calls_total')).toBeUndefined();
});

test('another failure is neither counted nor repeated', async () => {
  const attempt = jest.fn(failing);
  const failure = new RouteError('Disconnected', 'NATS is away');
  await expect(calls.again(cart, failure, { waitMs: 60_000 }, attempt)).rejects.toBe(failure);
  expect(attempt).not.toHaveBeenCalled();
  expect(await told('unserved_calls_total')).toBe('0');
});

test('a call that waits is attempted until somebody answers, and counted once', async () => {
  const attempt = jest.fn<Promise<string>, []>(failing);
  const answer = calls.again(cart, nobody, { waitMs: 60_000 }, attempt);
  expect(await told('unserved_calls_waiting')).toBe('1');
  while (attempt.mock.calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  attempt.mockResolvedValue('served');
  expect(await answer).toBe('served');
  expect(await told('unserved_calls_waiting')).toBe('0');
  expect(await told('unserved_calls_total')).toBe('1');
});

test('it does not count as waiting while somebody answers it, nor is an answer that fails repeated', async () => {
  let fail: (error: Error) => void = () => undefined;
  const attempt = jest.fn(() => new Promise<never>((_, reject) => (fail = reject)));
  const answer = calls.again(cart, nobody, { waitMs: 60_000 }, attempt);
  while (attempt.mock.calls.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await told('unserved_calls_waiting')).toBe('0');
  fail(new Error('trapped'));
  await expect(answer).rejects.toThrow('trapped');
  expect(attempt).toHaveBeenCalledTimes(1);
});

test('its time has an end', async () => {
  const attempt = jest.fn(failing);
  await expect(calls.again(cart, nobody, { waitMs: 120 }, attempt)).rejects.toBe(nobody);
  expect(attempt).toHaveBeenCalled();
  expect(await told('unserved_calls_waiting')).toBe('0');
});

test.each([
  ['the caller goes', (caller: AbortController) => caller.abort()],
  ['the host ends', () => calls.stop()],
])('nobody waits once %s', async (_, end) => {
  const caller = new AbortController();
  const attempt = jest.fn(failing);
  const answer = calls.again(cart, nobody, { waitMs: 60_000, signal: caller.signal }, attempt);
  end(caller);
  await expect(answer).rejects.toBe(nobody);
  expect(attempt).not.toHaveBeenCalled();
});

test('beyond so many, calls fail at once, also while those that are held are attempted; calls for another component do not', async () => {
  const patience = { waitMs: 60_000 };
  const attempt = jest.fn(() => new Promise<never>(() => undefined));
  const held = Array.from({ length: maxHeld }, (_, index) =>
    calls.again(cart, nobody, patience, index === 0 ? attempt : failing).catch((error: unknown) => error),
  );
  while (attempt.mock.calls.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
  const late = jest.fn(failing);
  await expect(calls.again(cart, nobody, patience, late)).rejects.toBe(nobody);
  expect(late).not.toHaveBeenCalled();
  const other = { namespace: 'shop', component: 'till' };
  expect(await calls.again(other, nobody, patience, () => Promise.resolve('served'))).toBe('served');
  calls.stop();
  expect(await Promise.all(held.slice(1))).toEqual(Array(maxHeld - 1).fill(nobody));
});
