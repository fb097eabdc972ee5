import { blobstore as wire, type ObjectId } from '../../lattice/interfaces/blobstore';
import { WitError, type HostImports } from '../engine/engine';
import { IncomingBlob, NameStream } from './blob-incoming';
import { OutgoingValue } from './blob-outgoing';
import type { Guest, LinkedFunction } from './guest';
import { InputStream } from './io';
import { callLinked } from './linked';

/** A function of a provider: links speak of it as `blobstore`, whichever interface of the package a component calls. */
function of(name: keyof typeof wire.functions): LinkedFunction {
  return { interface: 'wasi:blobstore/blobstore', wireInterface: wire.id, function: name };
}

/** Most bytes that a component is given as one list. */
const maxSyncBytes = 64 << 20;

/** `wasi:blobstore/container.container`: on the wire a container is its name, sent with each call. */
class Container {
  constructor(
    private readonly guest: Guest,
    private readonly container: string,
  ) {}

  name(): string {
    return this.container;
  }

  async info(): Promise<unknown> {
    return { name: this.container, ...((await this.call('get-container-info', this.container)) as object) };
  }

  async getData(object: string, start: bigint, end: bigint): Promise<IncomingValue> {
    const id = this.id(object);
    const blob = new IncomingBlob();
    const call = this.guest.stream(of('get-container-data'), [id, start, end], blob);
    await this.guest.answered(call);
    blob.attach(call, () => this.guest.forget(call));
    const size = async (): Promise<bigint> => {
      const { size } = (await this.call('get-object-info', id)) as { size: bigint };
      const last = end < size ? end + 1n : size;
      return last > start ? last - start : 0n;
    };
    return new IncomingValue(this.guest, blob, size);
  }

  writeData(object: string, value: OutgoingValue): void {
    value.send(of('write-container-data'), [this.id(object)]);
  }

  async listObjects(): Promise<StreamObjectNames> {
    const names = new NameStream();
    const args = [this.container, undefined, undefined];
    const call = this.guest.stream(of('list-container-objects'), args, names);
    await this.guest.answered(call);
    names.attach(call, () => this.guest.forget(call));
    return new StreamObjectNames(this.guest, names);
  }

  deleteObject(object: string): Promise<unknown> {
    return this.call('delete-object', this.id(object));
  }

  deleteObjects(objects: string[]): Promise<unknown> {
    return this.call('delete-objects', this.container, objects);
  }

  hasObject(object: string): Promise<unknown> {
    return this.call('has-object', this.id(object));
  }

  async objectInfo(object: string): Promise<unknown> {
    const info = (await this.call('get-object-info', this.id(object))) as object;
    return { name: object, container: this.container, ...info };
  }

  clear(): Promise<unknown> {
    return this.call('clear-container', this.container);
  }

  private id(object: string): ObjectId {
    return { container: this.container, object };
  }

  private call(name: keyof typeof wire.functions, ...args: unknown[]): Promise<unknown> {
    return callLinked(this.guest, of(name), args);
  }
}

/** `wasi:blobstore/types.incoming-value`. */
class IncomingValue {
  constructor(
    private readonly guest: Guest,
    private readonly blob: IncomingBlob,
    private readonly measure: () => Promise<bigint>,
  ) {}

  size(): Promise<bigint> {
    return this.measure();
  }

  static async incomingValueConsumeSync({ guest, blob }: IncomingValue): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let length = 0;
    try {
      for (;;) {
        await guest.wait([blob]);
        const part = blob.next();
        if (part === undefined) break;
        length += part.length;
        if (length > maxSyncBytes) {
          throw new WitError(`Object is larger than ${maxSyncBytes} bytes: consume it as a stream`);
        }
        parts.push(part);
      }
    } finally {
      blob.close();
    }
    return Uint8Array.from(Buffer.concat(parts));
  }

  static incomingValueConsumeAsync({ guest, blob }: IncomingValue): InputStream {
    return new InputStream(guest, blob);
  }
}

/** `wasi:blobstore/container.stream-object-names`. */
class StreamObjectNames {
  constructor(
    private readonly guest: Guest,
    private readonly names: NameStream,
  ) {}

  async readStreamObjectNames(length: bigint): Promise<[string[], boolean]> {
    const read: string[] = [];
    while (BigInt(read.length) < length && !this.names.finished) {
      await this.guest.wait([this.names]);
      read.push(...this.names.take(Number(length) - read.length));
    }
    return [read, this.names.finished];
  }

  async skipStreamObjectNames(count: bigint): Promise<[bigint, boolean]> {
    const [skipped, ended] = await this.readStreamObjectNames(count);
    return [BigInt(skipped.length), ended];
  }

  [Symbol.dispose](): void {
    this.names.close();
  }
}

/** wasi:blobstore, as wasmCloud 1.x knows it: containers are opened by name, objects are streams. */
export function blobstore(guest: Guest): HostImports {
  const call = (name: keyof typeof wire.functions, ...args: unknown[]): Promise<unknown> =>
    callLinked(guest, of(name), args);
  return {
    'wasi:blobstore/blobstore': {
      async createContainer(name: string): Promise<Container> {
        await call('create-container', name);
        return new Container(guest, name);
      },
      async getContainer(name: string): Promise<Container> {
        if ((await call('container-exists', name)) === true) return new Container(guest, name);
        throw new WitError(`There is no container ${JSON.stringify(name)}`);
      },
      deleteContainer: (name: string) => call('delete-container', name),
      containerExists: (name: string) => call('container-exists', name),
      copyObject: (from: ObjectId, to: ObjectId) => call('copy-object', from, to),
      moveObject: (from: ObjectId, to: ObjectId) => call('move-object', from, to),
    },
    'wasi:blobstore/container': { Container, StreamObjectNames },
    'wasi:blobstore/types': {
      IncomingValue,
      // What a guest makes itself has to know whose it is.
      OutgoingValue: class extends OutgoingValue {
        static newOutgoingValue(): OutgoingValue {
          return new this(guest);
        }
      },
    },
  };
}
