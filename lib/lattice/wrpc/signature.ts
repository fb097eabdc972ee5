import { codecOf } from './codec';
import { type Codec, Decoder, type Deferred, Encoder, type Limits } from './coding';
import type { ByteChannel } from './channel';
import { WitError, WrpcError, isWitError } from './errors';
import { placed } from './mismatch';
import type { WitFunction } from './types';

/** Encoded parameters or an encoded result: bytes, and what follows on channels of its own. */
export interface Encoded {
  readonly bytes: Uint8Array;
  readonly deferred: readonly Deferred[];
}

type OpenChannel = (path: string) => ByteChannel;

const noBytes = new Uint8Array(0);
const spare: Encoder[] = [];

/** Runs `write` with an encoder that is reused from call to call; reentrant, as a getter of a value might make a call. */
function encoded(write: (out: Encoder) => void): Encoded {
  const out = spare.pop() ?? new Encoder();
  try {
    write(out);
    return { bytes: out.take(), deferred: out.deferred };
  } finally {
    out.clear();
    out.deferred = [];
    spare.push(out);
  }
}

/** Encodes and decodes what a function takes and gives. */
export class FunctionCodec {
  private readonly names: readonly string[];
  private readonly params: readonly Codec[];
  private readonly result: Codec | undefined;
  /** The sides of the function's own `result`, which is returned or thrown. */
  private readonly sides: { ok: Codec | undefined; err: Codec | undefined } | undefined;

  constructor(signature: WitFunction) {
    this.names = signature.params.map(([name]) => name);
    this.params = signature.params.map(([, type]) => codecOf(type));
    const { result } = signature;
    this.result = result && codecOf(result);
    if (result?.kind === 'result') {
      this.sides = { ok: result.ok && codecOf(result.ok), err: result.err && codecOf(result.err) };
    }
  }

  get hasParams(): boolean {
    return this.params.length > 0;
  }

  get hasResult(): boolean {
    return this.result !== undefined;
  }

  get paramsDefer(): boolean {
    return this.params.some((codec) => codec.defers);
  }

  get resultDefers(): boolean {
    return this.result?.defers ?? false;
  }

  /** @throws WrpcError InvalidArgument, naming the parameter and the place in it. */
  encodeParams(args: readonly unknown[]): Encoded {
    if (args.length > this.params.length) {
      throw new WrpcError('InvalidArgument', `Expected ${this.params.length} arguments, got ${args.length}`);
    }
    return encoded((out) => {
      for (let at = 0; at < this.params.length; at++) {
        try {
          (this.params[at] as Codec).encode(out, args[at], String(at));
        } catch (error) {
          throw placed(error, this.names[at] ?? at);
        }
      }
    });
  }

  /** @throws WrpcError Incomplete, Malformed or TooLarge. */
  decodeParams(bytes: Uint8Array, limits: Limits, open: OpenChannel): unknown[] {
    const input = new Decoder(bytes, limits, open);
    const args: unknown[] = [];
    for (const codec of this.params) args.push(codec.decode(input, String(args.length)));
    if (input.remaining > 0) throw input.malformed('bytes after the last parameter');
    return args;
  }

  /** What a handler returned. */
  encodeReturn(value: unknown): Encoded {
    if (this.sides) return this.encodeSide(0, this.sides.ok, value);
    const { result } = this;
    if (!result) return { bytes: noBytes, deferred: [] };
    return encoded((out) => {
      try {
        result.encode(out, value, '0');
      } catch (error) {
        throw placed(error, 'result');
      }
    });
  }

  /** What a handler threw, when it is the `err` of this function; undefined for a failure. */
  encodeThrown(error: unknown): Encoded | undefined {
    return this.sides && isWitError(error) ? this.encodeSide(1, this.sides.err, error.payload) : undefined;
  }

  private encodeSide(tag: 0 | 1, codec: Codec | undefined, value: unknown): Encoded {
    return encoded((out) => {
      out.byte(tag);
      try {
        codec?.encode(out, value, '0');
      } catch (error) {
        throw placed(error, tag === 0 ? 'result' : 'error');
      }
    });
  }

  /** @throws WitError for the `err` of the function; WrpcError Incomplete, Malformed or TooLarge. */
  decodeResult(bytes: Uint8Array, limits: Limits, open: OpenChannel): unknown {
    const input = new Decoder(bytes, limits, open);
    const { sides } = this;
    const tag = sides ? input.byte() : 0;
    if (tag > 1) throw input.malformed(`result tag ${tag}`);
    const codec = sides ? (tag === 0 ? sides.ok : sides.err) : this.result;
    const value = codec?.decode(input, '0');
    if (input.remaining > 0) throw input.malformed('bytes after the result');
    if (tag === 1) throw new WitError(value);
    return value;
  }
}

const codecs = new WeakMap<WitFunction, FunctionCodec>();

/** The codec of a signature, made once. */
export function functionCodec(signature: WitFunction): FunctionCodec {
  let codec = codecs.get(signature);
  if (codec === undefined) codecs.set(signature, (codec = new FunctionCodec(signature)));
  return codec;
}
