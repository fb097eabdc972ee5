import { WrpcError } from './errors';

/** The error of a value that is not of its type, without a place yet. */
export function mismatch(expected: string, value: unknown): WrpcError {
  const found = typeof value === 'object' ? (value === null ? 'null' : 'an object') : `${typeof value}`;
  const shown = ['string', 'number', 'boolean', 'bigint'].includes(typeof value)
    ? ` ${String(value).slice(0, 40)}`
    : '';
  return new WrpcError('InvalidArgument', `expected ${expected}, got ${found}${shown}`);
}

/** Puts the place of a value before the message of its error. */
export function placed(error: unknown, place: string | number): unknown {
  if (!(error instanceof WrpcError) || error.reason !== 'InvalidArgument') return error;
  return new WrpcError(
    'InvalidArgument',
    `${place}${error.message.startsWith('expected') ? ':' : ' ›'} ${error.message}`,
  );
}
