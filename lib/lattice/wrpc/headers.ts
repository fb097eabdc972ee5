import type { Msg, MsgHdrs, NatsConnection } from 'nats';
import { WrpcError } from './errors';

/** Headers of a call by name, e.g. `traceparent`. They travel with the invocation, not with its result. */
export type CallHeaders = Readonly<Record<string, string>>;

const encoded = new WeakMap<CallHeaders, Uint8Array>();
const none = { size: 0 };

/**
 * Headers in their encoded form, for the client's `publish`, which only asks for that. An object that is used again is encoded
 * once: callers keep one for a link, and pass it with each call.
 */
export function natsHeaders(headers: CallHeaders): { headers?: MsgHdrs; size: number } {
  let bytes = encoded.get(headers);
  if (bytes === undefined) encoded.set(headers, (bytes = encode(headers)));
  const { length } = bytes;
  if (length === 0) return none;
  return { headers: { encode: () => bytes } as unknown as MsgHdrs, size: length };
}

function encode(headers: CallHeaders): Uint8Array {
  let text = '';
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!-9;-~]+$/.test(name) || /[\r\n]/.test(value)) {
      throw new WrpcError(
        'InvalidArgument',
        `Header ${JSON.stringify(name)}: ${JSON.stringify(value)} cannot be sent`,
        'Names are printable ASCII without ":", values have no line breaks',
      );
    }
    text += `${name}: ${value}\r\n`;
  }
  return Buffer.from(text === '' ? '' : `NATS/1.0\r\n${text}\r\n`);
}

/** A message that is only a status: how NATS itself, and a server that cannot take a call, answers. */
export function statusOnly(code: number, description: string): { headers: MsgHdrs } {
  const bytes = Buffer.from(`NATS/1.0 ${code} ${description}\r\n\r\n`);
  return { headers: { encode: () => bytes } as unknown as MsgHdrs };
}

/** The status of a message, 0 when it has none. */
export function statusOf(message: Msg): number {
  return message.headers?.code ?? 0;
}

/** The status of a call that failed on the side that serves it. */
export const failed = 500;

const nothingMore = Uint8Array.of(0);

/** Confirms that a message of a stream was read; a payload says that nothing more is wanted. */
export function confirm(nats: NatsConnection, address: string, more: boolean): void {
  nats.publish(address, more ? undefined : nothingMore);
}
