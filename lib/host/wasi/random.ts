import { randomFillSync } from 'node:crypto';
import type { HostImports } from '../engine/engine';

/** Most bytes that one call gives; a guest that wants more is broken or hostile. */
const maxBytes = 1 << 20;

/** wasi:random: all of it is secure, `insecure` included. */
export function random(): HostImports {
  return {
    'wasi:random/random': { getRandomBytes: bytes, getRandomU64: number },
    'wasi:random/insecure': { getInsecureRandomBytes: bytes, getInsecureRandomU64: number },
    'wasi:random/insecure-seed': { insecureSeed: () => [number(), number()] },
  };
}

function bytes(length: bigint): Uint8Array {
  if (length > maxBytes) throw new RangeError(`Guest asked for ${length} random bytes, above ${maxBytes}`);
  return randomFillSync(new Uint8Array(Number(length)));
}

function number(): bigint {
  return randomFillSync(new BigUint64Array(1))[0] ?? 0n;
}
