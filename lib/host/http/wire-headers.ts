import type { interfaces } from '../../lattice';
import type { RawHeaders } from '../wasi/http/fields';

type Fields = interfaces.http.Fields;

/** Headers as wRPC carries them: a name with all of its values, in the order in which names come first. */
export function toFields(raw: RawHeaders): Fields {
  const fields = new Map<string, Uint8Array[]>();
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    const value = Uint8Array.from(Buffer.from(raw[i + 1] ?? '', 'latin1'));
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  }
  return [...fields];
}

/** Headers as node:http takes them. */
export function fromFields(fields: Fields): RawHeaders {
  return fields.flatMap(([name, values]) =>
    values.flatMap((value) => [name, Buffer.from(value).toString('latin1')]),
  );
}

/** Names that are of one connection and not of the message: they stay on their side of a hop. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Headers without those of the connection that they came by. */
export function endToEnd(raw: RawHeaders): RawHeaders {
  return raw.filter((_, index) => !hopByHop.has((raw[index - (index % 2)] ?? '').toLowerCase()));
}
