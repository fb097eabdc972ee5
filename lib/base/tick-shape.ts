import { executionAsyncResource } from 'node:async_hooks';

const kept: object[] = [];

/**
 * Keeps one of the objects that `process.nextTick` queues. V8 forgets their shape when a collection of garbage meets none of them, and what
 * it has learned about making them with it: from then on each takes four times as long, which is a tenth of an HTTP request. So every thread
 * that serves calls this once.
 */
export function keepTickShape(): void {
  process.nextTick(() => kept.push(executionAsyncResource()));
}
