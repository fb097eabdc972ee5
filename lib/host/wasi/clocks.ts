import type { HostImports } from '../engine/engine';
import type { Guest, Waitable } from './guest';
import { Pollable } from './io';

/** Longest delay that a timer of Node takes, in milliseconds. */
const maxTimerMs = 2 ** 31 - 1;

/** wasi:clocks of one instance. */
export function clocks(guest: Guest): HostImports {
  return {
    'wasi:clocks/monotonic-clock': {
      now: () => process.hrtime.bigint(),
      resolution: () => 1n,
      subscribeInstant: (when: bigint) => new Pollable(guest, instant(when)),
      subscribeDuration: (duration: bigint) =>
        new Pollable(guest, instant(process.hrtime.bigint() + duration)),
    },
    'wasi:clocks/wall-clock': {
      now() {
        const now = Date.now();
        return { seconds: BigInt(Math.floor(now / 1000)), nanoseconds: (now % 1000) * 1_000_000 };
      },
      resolution: () => ({ seconds: 0n, nanoseconds: 1_000_000 }),
    },
  };
}

/** A point in time; a timer exists only while somebody waits for it. */
function instant(when: bigint): Waitable {
  const leftMs = (): number => Number(when - process.hrtime.bigint()) / 1e6;
  return {
    ready: () => leftMs() <= 0,
    subscribe(wake) {
      let timer: NodeJS.Timeout;
      const arm = (): void => {
        const left = leftMs();
        if (left <= 0) return wake();
        timer = setTimeout(arm, Math.min(Math.ceil(left), maxTimerMs));
      };
      timer = setTimeout(arm, Math.min(Math.max(0, Math.ceil(leftMs())), maxTimerMs));
      return () => clearTimeout(timer);
    },
  };
}
