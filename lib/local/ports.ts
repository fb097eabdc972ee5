import { createServer, type AddressInfo } from 'node:net';
import { KasmError } from '../base/errors';

/** Every server of a local lattice listens here and nowhere else. */
export const loopback = '127.0.0.1';

/** Whether nothing listens on a port of the loopback address. */
export async function isFree(port: number): Promise<boolean> {
  return (await tryListen(port)) !== undefined;
}

/**
 * A free port: the one that was asked for, else the one used before, else any.
 * @throws KasmError when a port was asked for and is in use
 */
export async function choosePort(
  what: string,
  { asked, previous }: { readonly asked?: number | undefined; readonly previous?: number | undefined },
): Promise<number> {
  if (asked !== undefined) {
    if (await isFree(asked)) return asked;
    throw new KasmError(
      `Port ${asked}, asked for as ${what}, is in use`,
      'Stop what listens on it, ask for another, or leave the choice to kasmcloud',
    );
  }
  if (previous !== undefined && (await isFree(previous))) return previous;
  const port = await tryListen(0);
  if (port === undefined) throw new KasmError(`No port is free on ${loopback} for ${what}`);
  return port;
}

/** Binds a port for a moment; the number that was bound, or undefined when it is taken. */
function tryListen(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(port, loopback, () => {
      const bound = (server.address() as AddressInfo).port;
      server.close(() => resolve(bound));
    });
  });
}
