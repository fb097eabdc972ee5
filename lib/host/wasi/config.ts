import type { HostImports } from '../engine/engine';
import type { Guest } from './guest';

/** wasi:config in both of its spellings: the older `runtime` of wasmCloud 1.x and the current `store`. */
export function config(guest: Guest): HostImports {
  const values = (): Readonly<Record<string, string>> => guest.context.config;
  const offer = {
    get: (key: string) => (Object.hasOwn(values(), key) ? values()[key] : undefined),
    getAll: () => Object.entries(values()),
  };
  return { 'wasi:config/runtime': offer, 'wasi:config/store': offer };
}
