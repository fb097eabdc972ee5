import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { KasmError, messageOf } from '../base/errors';
import { KeyPair } from './nkeys';

/**
 * The identity of a host, kept as a seed in `file` so that the host has the same id after a restart. Created with mode 0600 when
 * there is none; processes that start at once agree on one.
 *
 * @throws KasmError when the file holds something else, or can be read by other users.
 */
export async function hostIdentity(file: string): Promise<KeyPair> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const fresh = KeyPair.generate('host');
  if (await createOnce(file, `${fresh.seed}\n`)) return fresh;

  const { mode } = await stat(file);
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new KasmError(
      `Host seed ${file} has mode ${(mode & 0o777).toString(8)}: other users can read it`,
      `Run chmod 600 ${file}, or delete it to get a new host id`,
    );
  }
  let identity: KeyPair;
  try {
    identity = KeyPair.fromSeed(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new KasmError(
      `Host seed ${file} cannot be read: ${messageOf(cause)}`,
      'Restore it, or delete it to get a new host id',
    );
  }
  if (identity.kind !== 'host') {
    throw new KasmError(
      `Host seed ${file} holds a key of kind ${identity.kind}`,
      'A host seed starts with SN; delete the file to get a new host id',
    );
  }
  return identity;
}

/** Creates `file` whole or not at all: a link to a finished file appears at once, and fails when another process was first. */
async function createOnce(file: string, text: string): Promise<boolean> {
  const draft = `${file}.${process.pid}.${process.hrtime.bigint().toString(36)}`;
  try {
    await writeFile(draft, text, { flag: 'wx', mode: 0o600, flush: true });
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
