/**
 * Runs `action` with a signal that aborts when `parent` does, or after `ms` milliseconds with `reason`. Unlike
 * `AbortSignal.any`, leaves nothing behind on a parent that lives long.
 */
export async function withDeadline<T>(
  ms: number,
  reason: string,
  parent: AbortSignal,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const onAbort = (): void => own.abort(parent.reason);
  if (parent.aborted) onAbort();
  parent.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => own.abort(new Error(reason)), ms);
  try {
    return await action(own.signal);
  } finally {
    clearTimeout(timer);
    parent.removeEventListener('abort', onAbort);
  }
}
