import type { Reader } from './reader';

/**
 * Refuses types of garbage-collected objects among those of a core module. Such objects live outside of linear memory, so that no limit of
 * ours reaches them, and V8 (of Node 24) neither bounds nor interrupts a guest that allocates arrays of them in a loop.
 * @param types the content of the type section
 * @throws InvalidComponent
 */
export function refuseCollected(types: Reader): void {
  types.vector(() => recursiveType(types));
}

function recursiveType(types: Reader): void {
  if (types.peek() !== 0x4e) return subType(types);
  types.byte();
  types.vector(() => subType(types));
}

function subType(types: Reader): void {
  const form = types.peek();
  if (form === 0x50 || form === 0x4f) {
    types.byte();
    types.vector(() => types.u32());
  }
  const start = types.offset;
  const composite = types.byte();
  if (composite === 0x5e || composite === 0x5f)
    types.fail('types of garbage-collected objects are not supported', start);
  if (composite !== 0x60) types.fail(`unknown form ${composite} of a core type`, start);
  types.vector(() => valueType(types));
  types.vector(() => valueType(types));
}

function valueType(types: Reader): void {
  const code = types.byte();
  // References name the type of what they refer to.
  if (code === 0x63 || code === 0x64) while (types.byte() >= 0x80);
}
