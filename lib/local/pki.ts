import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createAuthority, issue, type CertificateRequest, type KeyPair } from './certificate';
import { readIfThere, writePrivate } from './files';

/** Paths of a certificate, its key, and the authority that signed it. */
export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const authorityName = 'kasmcloud-local';
const authorityDays = 3650;
/** Certificates are issued anew at every start, so this bounds how long one start may run. */
const leafDays = 730;

/** The certificate authority of one installation, kept in its data directory: nothing outside it is trusted, or trusts it. */
export class Pki {
  private readonly authority: KeyPair;

  /** @param dir folder of the keys; the authority is created on first use and kept */
  constructor(private readonly dir: string) {
    const cert = readIfThere(this.file('ca.crt'));
    const key = readIfThere(this.file('ca.key'));
    if (cert !== undefined && key !== undefined) {
      this.authority = { cert, key };
    } else {
      this.authority = createAuthority(authorityName, authorityDays);
      // The certificate last: with it there, the key is.
      writePrivate(this.file('ca.key'), this.authority.key);
      writePrivate(this.file('ca.crt'), this.authority.cert);
    }
  }

  /** The authority's certificate, PEM. */
  get ca(): string {
    return this.authority.cert;
  }

  /** Path of the authority's certificate. */
  get caFile(): string {
    return this.file('ca.crt');
  }

  /** Path of the authority's key, for servers that sign for themselves. */
  get caKeyFile(): string {
    return this.file('ca.key');
  }

  /** A client's certificate, in memory. */
  client(commonName: string, organization?: string): KeyPair {
    return this.issue({
      commonName,
      ...(organization !== undefined && { organization }),
      validDays: leafDays,
    });
  }

  /** A client's certificate as files called `name`. */
  clientFiles(name: string, commonName: string, organization?: string): TlsFiles {
    return this.write(name, this.client(commonName, organization));
  }

  /** A server's certificate as files called `name`. */
  serverFiles(name: string, hosts: readonly string[]): TlsFiles {
    return this.write(name, this.issue({ commonName: name, hosts, validDays: leafDays }));
  }

  /** A key pair that service account tokens are signed with, kept, so that tokens outlive a restart. */
  serviceAccountKey(): { readonly privateKey: string; readonly publicKey: string } {
    const files = {
      privateKey: this.file('service-account.key'),
      publicKey: this.file('service-account.pub'),
    };
    if (!existsSync(files.publicKey)) {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      writePrivate(files.privateKey, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
      writePrivate(files.publicKey, pair.publicKey.export({ type: 'spki', format: 'pem' }).toString());
    }
    return files;
  }

  private issue(request: CertificateRequest): KeyPair {
    return issue(this.authority, authorityName, request);
  }

  private write(name: string, { cert, key }: KeyPair): TlsFiles {
    const files = { ca: this.caFile, cert: this.file(`${name}.crt`), key: this.file(`${name}.key`) };
    writePrivate(files.key, key);
    writePrivate(files.cert, cert);
    return files;
  }

  private file(name: string): string {
    return path.join(this.dir, name);
  }
}
