/** Does something with each item, with several at a time. */
export async function inParallel<T>(
  limit: number,
  items: Iterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const rest = { [Symbol.iterator]: () => queue };
  const loop = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: limit }, loop));
}

export function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** Resolves with the seconds until `holds` says true. @throws when that takes too long */
export async function until(
  what: string,
  seconds: number,
  holds: () => boolean | Promise<boolean>,
): Promise<number> {
  const from = performance.now();
  for (;;) {
    const took = (performance.now() - from) / 1000;
    if (await holds()) return took;
    if (took > seconds) throw new Error(`${what}: not within ${seconds} s`);
    await pause(0.1);
  }
}
