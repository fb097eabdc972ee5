/**
 * Resolves after `ms` milliseconds, or rejects with the signal's reason as soon as it aborts. The timer keeps the process alive
 * only when `hold` is true.
 */
export function sleep(ms: number, signal?: AbortSignal, hold = true): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    if (!hold) timer.unref();
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * Waits for `work`, but for no longer than `ms` milliseconds; whether it has ended by then. Rejects as it does. The timer keeps the process
 * alive only when `hold` is true.
 */
export async function within(ms: number, work: Promise<unknown>, hold = true): Promise<boolean> {
  const over = new AbortController();
  const late = sleep(ms, over.signal, hold).then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    over.abort();
  }
}
