import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto';
import { isIPv4 } from 'node:net';
import { bits, explicit, implicit, integer, octets, oid, sequence, set, time, utf8, yes } from './der';

/** A certificate and its private key, both PEM; the key PKCS#8, ECDSA on P-256. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says of whom it is for. */
export interface CertificateRequest {
  readonly commonName: string;
  /** Kubernetes reads it as a group. */
  readonly organization?: string;
  /** Names and IPv4 addresses that a server answers to; with them it is a server's certificate, without a client's. */
  readonly hosts?: readonly string[];
  readonly validDays: number;
}

const ids = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
};

/** A certificate authority of its own, signed by itself, that may sign no other authority. */
export function createAuthority(commonName: string, validDays: number): KeyPair {
  const key = newKey();
  const request = { commonName, validDays };
  return pem(
    key,
    certificate(request, key, { key, commonName }, [
      extension(ids.basicConstraints, sequence(yes, integer(Buffer.of(0))), true),
      // keyCertSign, cRLSign
      extension(ids.keyUsage, bits(Buffer.of(0b0000_0110), 1), true),
      extension(ids.subjectKeyId, octets(keyId(key))),
    ]),
  );
}

/** A certificate for a server or a client, signed by `authority`. */
export function issue(authority: KeyPair, authorityName: string, request: CertificateRequest): KeyPair {
  const key = newKey();
  const issuerKey = createPrivateKey(authority.key);
  const extensions = [
    extension(ids.basicConstraints, sequence(), true),
    // digitalSignature
    extension(ids.keyUsage, bits(Buffer.of(0b1000_0000), 7), true),
    extension(ids.extendedKeyUsage, sequence(oid(request.hosts ? ids.serverAuth : ids.clientAuth))),
    extension(ids.authorityKeyId, sequence(implicit(0, keyId(issuerKey)))),
  ];
  if (request.hosts) extensions.push(extension(ids.subjectAltName, sequence(...request.hosts.map(altName))));
  return pem(key, certificate(request, key, { key: issuerKey, commonName: authorityName }, extensions));
}

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

function certificate(
  { commonName, organization, validDays }: CertificateRequest,
  key: KeyObject,
  issuer: { key: KeyObject; commonName: string },
  extensions: Buffer[],
): Buffer {
  const algorithm = sequence(oid(ids.ecdsaWithSha256));
  // A minute back, for clocks that differ.
  const from = new Date(Date.now() - 60_000);
  const until = new Date(from.getTime() + validDays * 86_400_000);
  const serial = randomBytes(16);
  serial[0] = (serial[0] ?? 0) & 0x7f;
  const body = sequence(
    explicit(0, integer(Buffer.of(2))), // version 3
    integer(serial),
    algorithm,
    distinguishedName(issuer.commonName),
    sequence(time(from), time(until)),
    distinguishedName(commonName, organization),
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions)),
  );
  return sequence(body, algorithm, bits(sign('sha256', body, issuer.key)));
}

function distinguishedName(commonName: string, organization?: string): Buffer {
  const attribute = (id: string, value: string): Buffer => set(sequence(oid(id), utf8(value)));
  return sequence(
    ...(organization === undefined ? [] : [attribute(ids.organization, organization)]),
    attribute(ids.commonName, commonName),
  );
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [yes] : []), octets(value));
}

function altName(host: string): Buffer {
  return isIPv4(host)
    ? implicit(7, Buffer.from(host.split('.').map(Number)))
    : implicit(2, Buffer.from(host));
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(createPublicKey(key).export({ type: 'spki', format: 'der' }))
    .digest();
}

function pem(key: KeyObject, der: Buffer): KeyPair {
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
