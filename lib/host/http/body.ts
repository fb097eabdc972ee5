import type { IncomingMessage } from 'node:http';
import type { RawHeaders } from '../wasi/http/fields';

/** Bytes of a body that may be under way to its reader. */
export const windowBytes = 262_144;
/** A body that is declared to be no longer than this is read before an instance is occupied with it. */
const smallBytes = 65_536;

export type BodyKind = 'none' | 'small' | 'stream';

export function bodyKind(request: IncomingMessage): BodyKind {
  const length = request.headers['content-length'];
  if (length === undefined) return request.headers['transfer-encoding'] === undefined ? 'none' : 'stream';
  return length === '0' ? 'none' : Number(length) <= smallBytes ? 'small' : 'stream';
}

/** Reads a small body; rejects when the client goes before it is whole. */
export function smallBody(request: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(Uint8Array.from(Buffer.concat(chunks))));
    request.on('error', reject);
  });
}

/** Hands a body on as it comes, never more than a window of it ahead of its reader. */
export class BodyStream {
  private unread = 0;
  private wanted = true;

  constructor(
    private readonly request: IncomingMessage,
    push: (bytes: Uint8Array) => void,
    end: (trailers: RawHeaders | undefined) => void,
    /** The client has gone before it was whole. */
    broken: () => void,
  ) {
    request.on('data', (chunk: Buffer) => {
      if (!this.wanted) return;
      this.unread += chunk.length;
      if (this.unread >= windowBytes) request.pause();
      // A copy: the chunk is a view of a buffer that holds other things too.
      push(Uint8Array.from(chunk));
    });
    // The connection itself tells: node:http says nothing of a request once it has been answered.
    const { socket } = request;
    const gone = (): void => {
      if (this.wanted) broken();
    };
    socket.once('close', gone);
    request.on('end', () => {
      socket.off('close', gone);
      if (this.wanted) end(request.rawTrailers.length > 0 ? request.rawTrailers : undefined);
    });
  }

  /** What is still to come is let go by, so that the connection can serve its next request. */
  discard(): void {
    this.wanted = false;
    this.request.resume();
  }

  /** The reader has read so many bytes. */
  took(bytes: number): void {
    this.unread -= bytes;
    if (this.unread < windowBytes / 2) this.request.resume();
  }
}
