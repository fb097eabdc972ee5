import { KasmError } from './errors';

const factors: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/**
 * Reads an amount of memory as the CRDs allow it: bytes, or a quantity such as `64Mi`.
 * @throws KasmError when it is neither
 */
export function bytesOf(quantity: number | string): number {
  const [, digits, unit = ''] = /^(\d+)([kMG]|[KMG]i)?$/.exec(String(quantity)) ?? [];
  const factor = factors[unit];
  if (digits === undefined || factor === undefined)
    throw new KasmError(
      `${JSON.stringify(quantity)} is not an amount of memory`,
      'Write bytes, or a number with k, M, G, Ki, Mi or Gi',
    );
  return Number(digits) * factor;
}
