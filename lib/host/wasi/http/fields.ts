import { WitError } from '../../engine/engine';

/** Names that belong to the connection, which is the host's: a guest neither sees nor sets them. The same as wasmtime's. */
const forbidden = new Set([
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
const validName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const invalidValue = /[^\t\x20-\x7e\x80-\xff]/;

/** Names and values alternating, values with one character a byte: the form in which node:http takes and gives headers. */
export type RawHeaders = string[];

type HeaderError = { tag: 'invalid-syntax' | 'forbidden' | 'immutable' };

/** `wasi:http/types.fields`. */
export class Fields {
  /** Owned by this object; read by the host when the guest hands the object over. */
  raw: RawHeaders = [];
  private immutable = false;

  static fromList(entries: [string, Uint8Array][]): Fields {
    const fields = new Fields();
    for (const [name, value] of entries) fields.append(name, value);
    return fields;
  }

  /** What arrived from outside, or what the guest has handed over: it can be read but not changed. */
  static frozen(raw: RawHeaders): Fields {
    const fields = new Fields();
    fields.raw = raw;
    fields.immutable = true;
    return fields;
  }

  get(name: string): Uint8Array[] {
    const wanted = name.toLowerCase();
    const values: Uint8Array[] = [];
    for (let i = 0; i < this.raw.length; i += 2) {
      if (this.raw[i]?.toLowerCase() === wanted) values.push(encode(this.raw[i + 1]));
    }
    return values;
  }

  has(name: string): boolean {
    const wanted = name.toLowerCase();
    return this.raw.some((text, index) => index % 2 === 0 && text.toLowerCase() === wanted);
  }

  set(name: string, values: Uint8Array[]): void {
    const decoded = values.map((value) => this.check(name, value));
    this.delete(name);
    for (const value of decoded) this.raw.push(name, value);
  }

  delete(name: string): void {
    this.check(name);
    const wanted = name.toLowerCase();
    const kept: RawHeaders = [];
    for (let i = 0; i < this.raw.length; i += 2) {
      const [key, value] = [this.raw[i] ?? '', this.raw[i + 1] ?? ''];
      if (key.toLowerCase() !== wanted) kept.push(key, value);
    }
    this.raw = kept;
  }

  append(name: string, value: Uint8Array): void {
    this.raw.push(name, this.check(name, value));
  }

  entries(): [string, Uint8Array][] {
    const entries: [string, Uint8Array][] = [];
    for (let i = 0; i < this.raw.length; i += 2) {
      entries.push([(this.raw[i] ?? '').toLowerCase(), encode(this.raw[i + 1])]);
    }
    return entries;
  }

  clone(): Fields {
    const fields = new Fields();
    fields.raw = [...this.raw];
    return fields;
  }

  private check(name: string, value?: Uint8Array): string {
    if (this.immutable) fail('immutable');
    if (!validName.test(name)) fail('invalid-syntax');
    if (forbidden.has(name.toLowerCase())) fail('forbidden');
    if (value === undefined) return '';
    const text = Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1');
    if (invalidValue.test(text)) fail('invalid-syntax');
    return text;
  }
}

/** Headers as they arrived, without those that belong to the connection. */
export function visible(raw: RawHeaders): RawHeaders {
  let kept: RawHeaders | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    if (forbidden.has((raw[i] ?? '').toLowerCase())) kept ??= raw.slice(0, i);
    else if (kept !== undefined) kept.push(raw[i] ?? '', raw[i + 1] ?? '');
  }
  return kept ?? raw;
}

/**
 * The length that headers declare: `undefined` without content-length, not a number where it is not one number. Framing is the host's
 * matter, so whoever sends a message compares this with what it sends.
 */
export function declaredLength(raw: RawHeaders): number | undefined {
  const values = raw.filter(
    (_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === 'content-length',
  );
  if (values.length === 0) return undefined;
  return values.length === 1 && /^\d{1,15}$/.test(values[0] ?? '') ? Number(values[0]) : NaN;
}

function encode(value = ''): Uint8Array {
  return Uint8Array.from(Buffer.from(value, 'latin1'));
}

function fail(tag: HeaderError['tag']): never {
  throw new WitError<HeaderError>({ tag });
}
