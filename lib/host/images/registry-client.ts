import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Backoff } from '../../base/backoff';
import { KasmError, TerminalError, messageOf } from '../../base/errors';
import { sleep } from '../../base/sleep';
import type { RegistryCredential } from './credentials';
import { ImagePullError } from './errors';
import { HttpClient, readBody } from './http';
import { indexMediaTypes, manifestMediaTypes } from './manifest';
import { RegistryAuth } from './registry-auth';
import { repositoryOf, type OciReference } from './reference';

/** Most bytes of a manifest or index, the bound that registries themselves use. */
const MANIFEST_LIMIT = 4 << 20;
/** Attempts of one request before the pull fails; the caller's own back-off comes after. */
const ATTEMPTS = 4;

export interface RegistryClientOptions {
  /** PEM certificates that are trusted beside the public ones. */
  readonly ca?: string | undefined;
  /** Registries, as `host` or `host:port`, that are spoken to without TLS. */
  readonly insecure?: readonly string[] | undefined;
}

/** A manifest or index as the registry served it, its digest verified. */
export interface ServedManifest {
  readonly mediaType: string;
  readonly digest: string;
  readonly json: unknown;
}

/** Speaks the OCI distribution protocol, pull side. */
export class RegistryClient {
  private readonly http: HttpClient;
  private readonly insecure: ReadonlySet<string>;

  constructor(options: RegistryClientOptions = {}) {
    this.http = new HttpClient(options.ca);
    this.insecure = new Set(options.insecure);
  }

  /** The repository of a reference, read with the first of the credentials that works. */
  repository(reference: OciReference, credentials: readonly RegistryCredential[] = []): Repository {
    const scheme = this.insecure.has(reference.registry) ? 'http' : 'https';
    const url = new URL(`${scheme}://${reference.registry}`);
    return new Repository(this.http, url, reference, credentials);
  }

  close(): void {
    this.http.close();
  }
}

/** One repository during one pull. */
export class Repository {
  private readonly auth: RegistryAuth;

  constructor(
    private readonly http: HttpClient,
    private readonly base: URL,
    private readonly reference: OciReference,
    credentials: readonly RegistryCredential[],
  ) {
    this.auth = new RegistryAuth(http, base, reference.repository, credentials);
  }

  /**
   * Fetches the manifest or index that a tag or digest names.
   * @throws ImagePullError, or TerminalError `InvalidImage` when what is served does not match its digest.
   */
  async manifest(tagOrDigest: string, signal?: AbortSignal): Promise<ServedManifest> {
    const accept = [...manifestMediaTypes, ...indexMediaTypes].join(', ');
    const response = await this.get(`manifests/${tagOrDigest}`, { accept }, signal);
    const body = await readBody(response, MANIFEST_LIMIT).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw this.failed(error);
    });
    const told = headerOf(response, 'docker-content-digest');
    const expected = tagOrDigest.includes(':') ? tagOrDigest : (told ?? digestOf(body, 'sha256'));
    const actual = digestOf(body, expected.startsWith('sha512:') ? 'sha512' : 'sha256');
    if (actual !== expected) throw mismatch(this.reference.text, 'manifest', expected, actual);
    const mediaType = (headerOf(response, 'content-type') ?? '').split(';')[0]!.trim();
    try {
      return { mediaType, digest: expected, json: JSON.parse(body.toString('utf8')) as unknown };
    } catch (error) {
      throw new TerminalError(
        'InvalidImage',
        `Image ${this.reference.text}: manifest ${expected} is not JSON`,
        'Push the image again',
        { cause: error },
      );
    }
  }

  /** Opens a blob at an offset. A registry that cannot resume answers from the start: `offset` of the result says where the body begins. */
  async blob(
    digest: string,
    offset: number,
    signal?: AbortSignal,
  ): Promise<{ body: IncomingMessage; offset: number }> {
    const headers: Record<string, string> = offset > 0 ? { range: `bytes=${offset}-` } : {};
    const body = await this.get(`blobs/${digest}`, headers, signal);
    const start = /^bytes (\d+)-/.exec(body.headers['content-range'] ?? '')?.[1];
    return { body, offset: body.statusCode === 206 ? Number(start ?? offset) : 0 };
  }

  /** Sends a GET with authentication and a bounded number of attempts; resolves with a response that succeeded. */
  private async get(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> {
    const url = new URL(`/v2/${this.reference.repository}/${path}`, this.base);
    const backoff = new Backoff({ minMs: 300, maxMs: 5_000 });
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await this.authorized(url, headers, signal);
        const status = response.statusCode ?? 0;
        if (status === 200 || status === 206) return response;
        if (!isTransient(status)) throw await this.refusal(response, path);
        response.destroy();
        if (attempt === ATTEMPTS) throw new KasmError(`${url.host} answered ${status}`);
        await sleep(Math.max(backoff.next(), retryAfterMs(response)), signal);
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof TerminalError || error instanceof ImagePullError) throw error;
        if (attempt === ATTEMPTS || error instanceof KasmError) throw this.failed(error);
        await sleep(backoff.next(), signal);
      }
    }
  }

  private async authorized(
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> {
    for (;;) {
      const authorization = this.auth.header === undefined ? {} : { authorization: this.auth.header };
      const response = await this.http.send(url, {
        headers: { ...headers, ...authorization },
        ...(signal === undefined ? {} : { signal }),
      });
      if (response.statusCode !== 401 && response.statusCode !== 403) {
        this.auth.accepted();
        return response;
      }
      if (!(await this.auth.answer(response, signal))) return response;
      response.destroy();
    }
  }

  private async refusal(response: IncomingMessage, path: string): Promise<Error> {
    const status = response.statusCode ?? 0;
    const detail = registryMessage(await readBody(response, 64 << 10));
    const repository = repositoryOf(this.reference);
    if (status === 401 || status === 403)
      return new ImagePullError(
        'ImagePullUnauthorized',
        `Image ${this.reference.text}: ${this.base.host} refused to serve ${repository} (${status}${detail})`,
        'Name a Secret of type kubernetes.io/dockerconfigjson for this registry in spec.imagePullSecrets',
      );
    if (status === 404)
      return new ImagePullError(
        'ImageNotFound',
        `Image ${this.reference.text}: ${this.base.host} has no ${path} in ${this.reference.repository}${detail}`,
        'Push the image, or correct spec.image',
      );
    return this.failed(new KasmError(`${this.base.host} answered ${status}${detail}`));
  }

  private failed(cause: unknown): ImagePullError {
    return new ImagePullError(
      'ImagePullFailed',
      `Image ${this.reference.text} could not be pulled from ${this.base.origin}: ${messageOf(cause)}`,
      this.remedy(cause),
      { cause },
    );
  }

  /** The likely mistake behind a failed connection. */
  private remedy(cause: unknown): string {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    if (code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER')
      return `If it speaks plain HTTP, start the host with --allowed-insecure ${this.reference.registry}`;
    if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code))
      return 'If its certificate is from a private authority, start the host with --oci-ca FILE';
    return 'It is tried again';
  }
}

/** `algorithm:hex` of some bytes. */
export function digestOf(bytes: Uint8Array, algorithm: string): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** What was served is not what was named: a corrupted or tampered registry, never worth running. */
export function mismatch(image: string, what: string, expected: string, actual: string): TerminalError {
  return new TerminalError(
    'InvalidImage',
    `Image ${image}: ${what} has digest ${actual} instead of ${expected}`,
    'The registry or something before it serves altered content: push the image again',
  );
}

/** Too many requests, a timeout, or a server that fails. */
function isTransient(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

function retryAfterMs(response: IncomingMessage): number {
  const seconds = Number(response.headers['retry-after']);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 30) * 1000 : 0;
}

function headerOf(response: IncomingMessage, name: string): string | undefined {
  const value = response.headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function registryMessage(body: Buffer): string {
  try {
    const { errors } = JSON.parse(body.toString('utf8')) as { errors?: { message?: string }[] };
    const message = errors?.[0]?.message;
    return message === undefined ? '' : `: ${message}`;
  } catch (error) {
    if (error instanceof SyntaxError) return '';
    throw error;
  }
}
