import type { KubeObject, ResourceType } from '../api/resource';
import { KasmError } from '../base/errors';
import { ApiError } from './api-error';
import { inBursts } from './bursts';
import { type KubeClient, type Selection, selectors, withQuery } from './client';
import { collectionPath } from './key';

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';

export interface WatchEvent<T> {
  readonly type: WatchEventType;
  /** A bookmark carries only `metadata.resourceVersion`. */
  readonly object: T;
}

export interface WatchOptions extends Selection {
  /** Events after this version. */
  readonly resourceVersion: string;
  /** When the server ends the watch. @default 290 */
  readonly timeoutSeconds?: number;
  /** How much longer than `timeoutSeconds` the server may be silent before the connection counts as dead. @default 15000 */
  readonly idleSlackMs?: number;
  /** For how long nothing is read after each read, in milliseconds, so that many events wake the process up once. @default 0 */
  readonly pauseMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Called when the server has accepted the watch. */
  readonly onOpen?: () => void;
}

/**
 * One watch, from a resource version until the server ends it, as it does after `timeoutSeconds`; then the iterator ends too.
 * @throws ApiError when the server refuses or ends the watch with an error; status 410 means: list again
 * @throws ConnectionError when the server cannot be reached or falls silent
 */
export async function* watch<T extends KubeObject>(
  client: KubeClient,
  type: ResourceType<T>,
  options: WatchOptions,
): AsyncGenerator<WatchEvent<T>, void, void> {
  const { resourceVersion, timeoutSeconds = 290, idleSlackMs = 15_000, pauseMs = 0, signal } = options;
  const response = await client.stream({
    method: 'GET',
    path: withQuery(collectionPath(type, options.namespace), {
      ...selectors(options),
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion,
      timeoutSeconds: String(timeoutSeconds),
    }),
    signal,
    bursts: pauseMs > 0,
    idleTimeoutMs: timeoutSeconds * 1000 + idleSlackMs,
  });
  options.onOpen?.();
  try {
    const chunks = pauseMs === 0 ? response : inBursts(response, pauseMs, signal);
    for await (const line of lines(chunks)) {
      const event = parse<T>(line);
      if ((event.type as string) === 'ERROR') throw ApiError.fromStatus(event.object);
      yield event;
    }
  } finally {
    response.destroy();
  }
}

/** Splits a byte stream at line feeds. A last line without one was cut off and is dropped: the next watch repeats it. */
async function* lines(stream: AsyncIterable<Buffer>): AsyncGenerator<string, void, void> {
  let pending: Buffer[] = [];
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      pending.push(chunk.subarray(start, end));
      const line = Buffer.concat(pending).toString('utf8');
      pending = [];
      start = end + 1;
      if (line.trim() !== '') yield line;
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
  }
}

function parse<T>(line: string): WatchEvent<T> {
  try {
    return JSON.parse(line) as WatchEvent<T>;
  } catch (error) {
    throw new KasmError(
      `The API server sent a watch event that is not JSON, ${line.length} characters long`,
      'Check what proxies the connection',
      { cause: error },
    );
  }
}
