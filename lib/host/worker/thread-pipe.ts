import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KasmError } from '../../base/errors';
import type { Connection } from '../http/connection';

/*
 * Connections go from thread to thread as child_process sends them from process to process: over a pipe that the kernel copies open files
 * through. Node offers that for child processes only, and has nothing of the kind for threads, so this uses the parts that it is made of.
 */

/** A pipe, as node:net has it inside. */
interface PipeHandle {
  readonly fd: number;
  /** What came with the last bytes. */
  pendingHandle: Connection | undefined;
  readonly writeQueueSize: number;
  onread: (bytes: ArrayBuffer | undefined) => void;
  onconnection: (status: number, pipe: PipeHandle) => void;
  bind(file: string): number;
  listen(backlog: number): number;
  connect(request: object, file: string): number;
  open(fd: number): number;
  readStart(): number;
  writeUtf8String(request: object, text: string, connection: Connection): number;
  close(): void;
}

interface Internals {
  readonly Pipe: new (kind: number) => PipeHandle;
  readonly constants: { readonly SERVER: number; readonly IPC: number };
  readonly PipeConnectWrap: new () => { oncomplete: (status: number) => void };
  readonly WriteWrap: new () => object;
}

/** Time for the other thread to come. */
const openMs = 10_000;

const internals = findInternals();

/** Whether connections can go to other threads; they are served where they are accepted otherwise. */
export const canHandOver = internals !== undefined;

/** The end that connections are sent from. */
export class ThreadPipe {
  private constructor(
    private readonly pipe: PipeHandle,
    private readonly accepted: PipeHandle,
    private readonly writeWrap: Internals['WriteWrap'],
  ) {}

  /**
   * Opens a pipe; resolves once the other thread is there.
   * @param invite Tells the other thread to call {@link receiveConnections} with this file.
   */
  static async open(invite: (file: string) => void): Promise<ThreadPipe> {
    const { Pipe, constants, WriteWrap } = internals ?? unsupported();
    // Only this user may enter the folder, so nobody else can be on the other end.
    const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-'));
    const file = path.join(dir, 'pipe');
    const server = new Pipe(constants.SERVER);
    let timer: NodeJS.Timeout | undefined;
    try {
      check(server.bind(file), 'bind');
      check(server.listen(1), 'listen');
      return await new Promise((resolve, reject) => {
        timer = setTimeout(() => reject(new KasmError('Worker did not open its pipe')), openMs);
        server.onconnection = (status, accepted) => {
          const pipe = new Pipe(constants.IPC);
          // What is accepted is of a kind that carries no files: the same file again, as one that does.
          const error = status < 0 ? status : pipe.open(accepted.fd);
          if (error < 0) reject(new KasmError(`Pipe to a worker failed with ${error}`));
          else resolve(new ThreadPipe(pipe, accepted, WriteWrap));
        };
        invite(file);
      });
    } finally {
      clearTimeout(timer);
      server.close();
      rmSync(dir, { recursive: true, force: true });
    }
  }

  /** Sends a connection, which stays open here as well; whether that worked. */
  send(text: string, connection: Connection): boolean {
    return (
      this.pipe.writeQueueSize === 0 &&
      this.pipe.writeUtf8String(new this.writeWrap(), text, connection) === 0
    );
  }

  close(): void {
    const { fd } = this.pipe;
    this.pipe.close();
    stale.set(fd, [...(stale.get(fd) ?? []), this.accepted]);
    closeStale();
  }
}

/** The end that connections come out of. */
export function receiveConnections(
  file: string,
  onConnection: (text: string, connection: Connection) => void,
): void {
  const { Pipe, constants, PipeConnectWrap } = internals ?? unsupported();
  const pipe = new Pipe(constants.IPC);
  pipe.onread = (bytes) => {
    const connection = pipe.pendingHandle;
    pipe.pendingHandle = undefined;
    // Each connection comes with the text that it was sent with: the kernel does not join messages that carry files.
    if (connection !== undefined)
      onConnection(Buffer.from(bytes ?? new ArrayBuffer(0)).toString(), connection);
  };
  const request = new PipeConnectWrap();
  request.oncomplete = () => pipe.readStart();
  check(pipe.connect(request, file), 'connect');
}

/** Handles by the number of their file, which was closed through another handle. */
const stale = new Map<number, PipeHandle[]>();

/** Closes them once their numbers are nobody else's: to close a handle is to close whatever file has its number now. */
function closeStale(): void {
  const highest = Math.max(...stale.keys());
  const claimed: number[] = [];
  for (;;) {
    // The kernel gives the lowest number that is free.
    const fd = openSync('/dev/null', 'r');
    const handle = stale.get(fd)?.pop();
    if (handle === undefined) {
      stale.delete(fd);
      claimed.push(fd);
    } else handle.close();
    if (fd > highest || (fd === highest && !stale.has(fd))) break;
  }
  for (const fd of claimed) closeSync(fd);
}

function findInternals(): Internals | undefined {
  const { binding } = process as unknown as { binding?: (name: string) => object };
  if (binding === undefined || process.platform === 'win32') return undefined;
  return { ...binding('pipe_wrap'), ...binding('stream_wrap') } as Internals;
}

function unsupported(): never {
  throw new KasmError('This Node cannot hand connections to threads');
}

function check(status: number, what: string): void {
  if (status < 0) throw new KasmError(`Pipe to a worker: ${what} failed with ${status}`);
}
