import { createHash } from 'node:crypto';
import { pack } from 'tar-stream';

/** A tar of files by name, in the order of their names' insertion. */
export async function tar(files: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const packed = pack();
  for (const [name, content] of Object.entries(files)) packed.entry({ name }, content);
  packed.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of packed as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A provider archive as `wash par create` makes it, of programs by target, e.g. `x86_64-linux`. */
export function archive(programs: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const binaries = Object.entries(programs).map(([target, program]) => [`${target}.bin`, program] as const);
  return tar({ 'claims.jwt': claims(programs), ...Object.fromEntries(binaries) });
}

/** Claims with the hashes of programs; hosts do not look at the signature. */
export function claims(programs: Readonly<Record<string, Buffer>>): Buffer {
  const hash = (program: Buffer): string => createHash('sha256').update(program).digest('hex').toUpperCase();
  const hashes = Object.entries(programs).map(([target, program]) => [target, hash(program)]);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const wascap = { name: 'test', vendor: 'test', target_hashes: Object.fromEntries(hashes) as object };
  const registered = { jti: 'test', iat: 1, iss: `A${'A'.repeat(55)}`, sub: `V${'A'.repeat(55)}` };
  const payload = { ...registered, wascap, wascap_revision: 3 };
  return Buffer.from(`${part({ typ: 'jwt', alg: 'Ed25519' })}.${part(payload)}.c2lnbmF0dXJl`);
}
