import type { Readable } from 'node:stream';
import { sleep } from '../base/sleep';

/**
 * Reads a stream in bursts: all that has come, then nothing for `pauseMs` milliseconds. What comes in that time wakes nobody up when
 * the socket below has a small `highWaterMark`: the kernel keeps it, and the sender once that is full.
 * @throws what the stream is destroyed with, after all that came before it
 */
export async function* inBursts(
  stream: Readable,
  pauseMs: number,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  let chunks: Buffer[] = [];
  let wake = (): void => {};
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    wake();
  });
  // It is thrown from `errored` below; without a listener it would end the process.
  stream.on('error', () => {});
  stream.on('close', () => wake());
  while (!stream.closed) {
    stream.resume();
    if (chunks.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    // The rest of what the kernel has is read before this.
    await new Promise((resolve) => setImmediate(resolve));
    stream.pause();
    const burst = chunks;
    chunks = [];
    if (burst.length > 0) yield Buffer.concat(burst);
    if (!stream.closed) await sleep(pauseMs, signal);
  }
  if (stream.errored !== null) throw stream.errored;
}
