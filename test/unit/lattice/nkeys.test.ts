import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { nkeys as reference } from 'nats';
import { hostIdentity } from '../../../lib/lattice/host-identity';
import {
  CurveKeyPair,
  KeyPair,
  decodePublicKey,
  decodeSeed,
  encodePublicKey,
} from '../../../lib/lattice/nkeys';

/** The client's own implementation, which ships without types. */
const nkeys = reference as {
  createServer(): { getSeed(): Uint8Array; getPublicKey(): string; sign(message: Uint8Array): Uint8Array };
  fromPublic(key: string): { verify(message: Uint8Array, signature: Uint8Array): boolean };
};
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('KeyPair', () => {
  it.each([
    ['host', 'N'],
    ['component', 'M'],
    ['provider', 'V'],
    ['account', 'A'],
    ['cluster', 'C'],
    ['operator', 'O'],
    ['user', 'U'],
  ] as const)('writes a key of kind %s with the letter %s', (kind, letter) => {
    const pair = KeyPair.generate(kind);
    expect(pair.publicKey).toMatch(new RegExp(`^${letter}[A-Z2-7]{55}$`));
    expect(pair.seed).toMatch(new RegExp(`^S${letter}[A-Z2-7]{56}$`));
    expect(decodePublicKey(pair.publicKey)?.kind).toBe(kind);
    expect(KeyPair.fromSeed(pair.seed).publicKey).toBe(pair.publicKey);
  });

  it('agrees with nkeys.js on seeds, public keys and signatures', () => {
    const theirs = nkeys.createServer();
    const ours = KeyPair.fromSeed(text(theirs.getSeed()));
    const message = utf8('lattice');
    expect(ours.publicKey).toBe(theirs.getPublicKey());
    expect(Buffer.from(ours.sign(message))).toEqual(Buffer.from(theirs.sign(message)));
    expect(nkeys.fromPublic(ours.publicKey).verify(message, ours.sign(message))).toBe(true);
    expect(ours.verify(message, theirs.sign(message))).toBe(true);
    expect(ours.verify(utf8('other'), theirs.sign(message))).toBe(false);
  });

  it('reads the keys that the wasmCloud documentation shows', () => {
    const issuer = 'ADVIWF6Z3BFZNWUXJYT5NEAZZ2YX4T6NRKI3YOR3HKOSQQN7IVDGWSNO';
    const decoded = decodePublicKey(issuer);
    expect(decoded?.kind).toBe('account');
    expect(encodePublicKey('account', decoded?.key ?? new Uint8Array())).toBe(issuer);
  });

  it('refuses every key with one letter changed', () => {
    const { publicKey, seed } = KeyPair.generate('host');
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'];
    fc.assert(
      fc.property(fc.nat(55), fc.constantFrom(...letters), (at, letter) => {
        fc.pre(publicKey[at] !== letter && seed[at] !== letter);
        expect(decodePublicKey(publicKey.slice(0, at) + letter + publicKey.slice(at + 1))).toBeUndefined();
        expect(() => decodeSeed(seed.slice(0, at) + letter + seed.slice(at + 1))).toThrow('Not an nkey seed');
      }),
    );
  });

  it('never shows what it could not read', () => {
    expect(() => decodeSeed('SNSECRET')).toThrow(/^(?!.*SNSECRET)/);
  });
});

describe('CurveKeyPair', () => {
  const [writer, reader, other] = [CurveKeyPair.generate(), CurveKeyPair.generate(), CurveKeyPair.generate()];

  it('opens what was sealed for it, and nothing else', () => {
    const sealed = writer.seal(utf8('{"password":"x"}'), reader.publicKey);
    expect(text(sealed.subarray(0, 4))).toBe('xkv1');
    expect(text(reader.open(sealed, writer.publicKey))).toBe('{"password":"x"}');
    expect(() => other.open(sealed, writer.publicKey)).toThrow('does not open');
    expect(() => reader.open(sealed, other.publicKey)).toThrow('does not open');
    expect(() => reader.open(sealed.subarray(0, 20), writer.publicKey)).toThrow('malformed');
  });

  it('comes back from its seed', () => {
    expect(writer.publicKey).toMatch(/^X[A-Z2-7]{55}$/);
    expect(writer.seed).toMatch(/^SX[A-Z2-7]{56}$/);
    expect(CurveKeyPair.fromSeed(writer.seed).publicKey).toBe(writer.publicKey);
  });

  it('does not mix with signing keys', () => {
    const host = KeyPair.generate('host');
    expect(() => CurveKeyPair.fromSeed(host.seed)).toThrow('starts with SX');
    expect(() => KeyPair.fromSeed(writer.seed)).toThrow('cannot sign');
    expect(() => writer.seal(utf8('x'), host.publicKey)).toThrow('not a public curve key');
  });
});

describe('hostIdentity', () => {
  let dir: string;
  beforeEach(async () => (dir = await mkdtemp(path.join(os.tmpdir(), 'kasmcloud-identity-'))));
  afterEach(() => rm(dir, { recursive: true }));

  it('is created once, for its owner alone, and kept', async () => {
    const file = path.join(dir, 'new', 'host.nk');
    const first = await hostIdentity(file);
    expect((await hostIdentity(file)).publicKey).toBe(first.publicKey);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readFile(file, 'utf8')).trim()).toBe(first.seed);
  });

  it('is one for all processes that start at once', async () => {
    const file = path.join(dir, 'host.nk');
    const identities = await Promise.all(Array.from({ length: 20 }, () => hostIdentity(file)));
    expect(new Set(identities.map((identity) => identity.publicKey)).size).toBe(1);
  });

  it('refuses a file that is no seed, no host seed, or open to others', async () => {
    const file = path.join(dir, 'host.nk');
    await writeFile(file, 'nonsense', { mode: 0o600 });
    await expect(hostIdentity(file)).rejects.toThrow(`${file} cannot be read`);
    await writeFile(file, KeyPair.generate('user').seed, { mode: 0o600 });
    await expect(hostIdentity(file)).rejects.toThrow('kind user');
    await chmod(file, 0o644);
    await expect(hostIdentity(file)).rejects.toThrow(`chmod 600 ${file}`);
  });
});
