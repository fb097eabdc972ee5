import { PassThrough } from 'node:stream';
import { inBursts } from '../../../lib/kube/bursts';

const pauseMs = 20;

test('what comes during a pause is one burst', async () => {
  const stream = new PassThrough();
  const bursts = inBursts(stream, pauseMs);
  stream.write('a');
  expect((await bursts.next()).value).toEqual(Buffer.from('a'));
  const second = bursts.next();
  stream.write('b');
  stream.write('c');
  expect((await second).value).toEqual(Buffer.from('bc'));
});

test('ends with the stream, after its last bytes', async () => {
  const stream = new PassThrough();
  const bursts = inBursts(stream, pauseMs);
  stream.write('a');
  await bursts.next();
  stream.end('b');
  expect((await bursts.next()).value).toEqual(Buffer.from('b'));
  expect((await bursts.next()).done).toBe(true);
});

test('throws what the stream is destroyed with, also one that was destroyed before', async () => {
  const stream = new PassThrough();
  const bursts = inBursts(stream, pauseMs);
  stream.write('a');
  await bursts.next();
  stream.destroy(new Error('cut'));
  await expect(bursts.next()).rejects.toThrow('cut');
  await expect(inBursts(stream, pauseMs).next()).rejects.toThrow('cut');
});

test('a signal ends the pause', async () => {
  const stopping = new AbortController();
  const stream = new PassThrough();
  const bursts = inBursts(stream, 60_000, stopping.signal);
  stream.write('a');
  await bursts.next();
  const next = bursts.next();
  stopping.abort(new Error('stopped'));
  await expect(next).rejects.toThrow('stopped');
});
