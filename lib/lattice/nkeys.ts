import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';
import { nkeys as untyped } from 'nats';
import { KasmError } from '../base/errors';

/** The prefix byte of each kind of key; its base32 form starts with the letter in the comment. */
const prefixes = {
  account: 0x00, // A
  cluster: 0x10, // C
  component: 0x60, // M
  host: 0x68, // N
  operator: 0x70, // O
  user: 0xa0, // U
  provider: 0xa8, // V
  curve: 0xb8, // X
} as const;

/** What a key identifies. `curve` keys encrypt (X25519), all others sign (Ed25519). */
export type KeyKind = keyof typeof prefixes;

const seedPrefix = 0x90; // S
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return crc & 0xffff;
}

function toBase32(bytes: Uint8Array): string {
  let text = '';
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff;
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet.charAt((held >> (bits - 5)) & 31);
  }
  return bits > 0 ? text + alphabet.charAt((held << (5 - bits)) & 31) : text;
}

function fromBase32(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let held = 0;
  let bits = 0;
  let length = 0;
  for (const letter of text) {
    const value = alphabet.indexOf(letter);
    if (value < 0) return undefined;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) bytes[length++] = (held >> (bits -= 8)) & 0xff;
  }
  return bytes;
}

function encode(head: readonly number[], key: Uint8Array): string {
  const body = Uint8Array.of(...head, ...key);
  const crc = crc16(body);
  return toBase32(Uint8Array.of(...body, crc & 0xff, crc >> 8));
}

/** The checked bytes before the checksum, or undefined when `text` is no key of `headLength` prefix bytes. */
function decode(text: string, headLength: number): Uint8Array | undefined {
  const bytes = fromBase32(text);
  if (bytes?.length !== headLength + 34) return undefined;
  const body = bytes.subarray(0, -2);
  const crc = crc16(body);
  // The last letter holds spare bits: comparing the text keeps one key from having several spellings.
  const matches = bytes.at(-2) === (crc & 0xff) && bytes.at(-1) === crc >> 8 && toBase32(bytes) === text;
  return matches ? body : undefined;
}

function kindOf(prefix: number | undefined): KeyKind | undefined {
  return (Object.keys(prefixes) as KeyKind[]).find((kind) => prefixes[kind] === prefix);
}

/** The kind and the 32 bytes of a public key, or undefined when `text` is not one. */
export function decodePublicKey(text: string): { kind: KeyKind; key: Uint8Array } | undefined {
  const body = decode(text, 1);
  const kind = kindOf(body?.[0]);
  return body && kind && { kind, key: body.subarray(1) };
}

/** The text of a public key of `kind`. */
export function encodePublicKey(kind: KeyKind, key: Uint8Array): string {
  return encode([prefixes[kind]], key);
}

/** The kind and the 32 secret bytes of a seed. @throws KasmError when `text` is not a seed; the message never shows it. */
export function decodeSeed(text: string): { kind: KeyKind; key: Uint8Array } {
  const body = decode(text.trim(), 2);
  const [first = 0, second = 0] = body ?? [];
  const kind = kindOf(((first & 7) << 5) | (second >> 3));
  if (!body || (first & 0xf8) !== seedPrefix || kind === undefined) {
    throw new KasmError('Not an nkey seed', 'A seed has 58 letters of base32 and starts with S');
  }
  return { kind, key: body.slice(2) };
}

function encodeSeed(kind: KeyKind, key: Uint8Array): string {
  const prefix = prefixes[kind];
  return encode([seedPrefix | (prefix >> 5), (prefix & 31) << 3], key);
}

/** The DER header that makes PKCS #8 of a raw Ed25519 seed. */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** An Ed25519 key pair: identifies hosts, accounts, components and providers, and signs for them. */
export class KeyPair {
  readonly publicKey: string;
  private readonly secret: ReturnType<typeof createPrivateKey>;

  private constructor(
    readonly kind: KeyKind,
    private readonly key: Uint8Array,
  ) {
    if (kind === 'curve') {
      throw new KasmError('A curve key cannot sign', 'Use CurveKeyPair for seeds that start with SX');
    }
    this.secret = createPrivateKey({ key: Buffer.concat([pkcs8, key]), format: 'der', type: 'pkcs8' });
    const { x = '' } = createPublicKey(this.secret).export({ format: 'jwk' });
    this.publicKey = encodePublicKey(kind, Buffer.from(x, 'base64url'));
  }

  static generate(kind: Exclude<KeyKind, 'curve'>): KeyPair {
    return new KeyPair(kind, randomBytes(32));
  }

  /** @throws KasmError when `seed` is not a seed of a signing key. */
  static fromSeed(seed: string): KeyPair {
    const { kind, key } = decodeSeed(seed);
    return new KeyPair(kind, key);
  }

  /** The secret as text: whoever has it is this identity. */
  get seed(): string {
    return encodeSeed(this.kind, this.key);
  }

  sign(message: Uint8Array): Uint8Array {
    return sign(null, message, this.secret);
  }

  verify(message: Uint8Array, signature: Uint8Array): boolean {
    return verify(null, message, createPublicKey(this.secret), signature);
  }
}

/** The part of `nkeys.js` that is used; the client hands it on without types. */
interface CurveKey {
  getPublicKey(): string;
  seal(message: Uint8Array, reader: string): Uint8Array;
  open(sealed: Uint8Array, writer: string): Uint8Array | null;
}
const nkeys = untyped as { fromCurveSeed(seed: Uint8Array): CurveKey };

/** An X25519 key pair: seals secrets for one reader (`xkv1`, NaCl box). */
export class CurveKeyPair {
  readonly publicKey: string;
  private readonly pair: CurveKey;

  private constructor(private readonly key: Uint8Array) {
    this.pair = nkeys.fromCurveSeed(new TextEncoder().encode(encodeSeed('curve', key)));
    this.publicKey = this.pair.getPublicKey();
  }

  static generate(): CurveKeyPair {
    return new CurveKeyPair(randomBytes(32));
  }

  /** @throws KasmError when `seed` is not a curve seed (SX…). */
  static fromSeed(seed: string): CurveKeyPair {
    const { kind, key } = decodeSeed(seed);
    if (kind !== 'curve') {
      throw new KasmError(`A seed of kind ${kind} cannot seal`, 'Use a curve seed, which starts with SX');
    }
    return new CurveKeyPair(key);
  }

  get seed(): string {
    return encodeSeed('curve', this.key);
  }

  /** Encrypts `message` so that only the owner of `reader` (X…) can open it, and knows that this key wrote it. */
  seal(message: Uint8Array, reader: string): Uint8Array {
    requireCurve(reader);
    return this.pair.seal(message, reader);
  }

  /** Opens what `writer` (X…) sealed for this key. @throws KasmError when it was not sealed by and for these two keys. */
  open(sealed: Uint8Array, writer: string): Uint8Array {
    requireCurve(writer);
    let opened: Uint8Array | null;
    try {
      opened = this.pair.open(sealed, writer);
    } catch (cause) {
      throw new KasmError('Sealed message is malformed', 'Expected xkv1, a nonce and a NaCl box', { cause });
    }
    if (opened === null) {
      throw new KasmError(
        `Sealed message does not open with writer ${writer} and reader ${this.publicKey}`,
        'It was sealed with other keys, or changed on the way',
      );
    }
    return opened;
  }
}

function requireCurve(key: string): void {
  if (decodePublicKey(key)?.kind !== 'curve') {
    throw new KasmError(
      `"${key}" is not a public curve key`,
      'It has 56 letters of base32 and starts with X',
    );
  }
}
