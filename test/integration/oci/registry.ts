import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { tool } from '../../../lib/local/tool';

/** The one login that guarded registries know. */
export const login = { username: 'ann', password: 'allmine' };

/** The password file of a registry with that login: its bcrypt hash, as htpasswd writes it. */
export const htpasswd = 'ann:$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga\n';

/** A real registry on a port of its own. */
export interface Registry {
  /** `127.0.0.1:port`, as references name it. */
  readonly host: string;
  /** Folder with what was pushed; several registries may share it. */
  readonly storage: string;
  stop(): Promise<void>;
}

export interface RegistryOptions {
  readonly storage?: string;
  /** The `auth` section of its configuration. */
  readonly auth?: object;
  /** PEM files. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** Starts a registry and waits until it answers. */
export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const dir = await mkdtemp(path.join(tmpdir(), 'registry-'));
  const storage = options.storage ?? path.join(dir, 'storage');
  const host = `127.0.0.1:${await freePort()}`;
  const config = path.join(dir, 'config.yml');
  await writeFile(
    config,
    stringify({
      version: 0.1,
      log: { level: 'error', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
      http: { addr: host, ...(options.tls && { tls: options.tls }) },
      ...(options.auth && { auth: options.auth }),
    }),
  );
  const child = spawn(await tool('registry'), ['serve', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const exited = once(child, 'exit');
  for (let attempt = 0; !(await listens(host)); attempt++) {
    if (child.exitCode !== null || attempt === 300) throw new Error(`registry did not start: ${output}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    host,
    storage,
    stop: async () => {
      child.kill();
      await exited;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listens(host: string): Promise<boolean> {
  // Any HTTP answer will do: with TLS it is 400 on plain text, with authentication 401.
  return fetch(`http://${host}/v2/`).then(
    () => true,
    () => false,
  );
}
