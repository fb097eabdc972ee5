import type { IncomingMessage } from 'node:http';
import { KasmError } from '../../base/errors';
import type { RegistryCredential } from './credentials';
import { readBody, type HttpClient } from './http';

interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Proves to one registry that its repository may be read. Registries ask with a challenge: `Basic` wants name and password, `Bearer` a
 * token from the endpoint that the challenge names. Several credentials may fit; each is tried in order, and the first that works is
 * kept until it stops working.
 */
export class RegistryAuth {
  /** The value of the `authorization` header to send; none before the first challenge. */
  header: string | undefined;
  private proven = false;
  private candidate = 0;
  private challenges: readonly Challenge[] = [];
  private readonly candidates: readonly (RegistryCredential | undefined)[];

  constructor(
    private readonly http: HttpClient,
    private readonly registry: URL,
    private readonly repository: string,
    credentials: readonly RegistryCredential[],
  ) {
    this.candidates = credentials.length > 0 ? credentials : [undefined];
  }

  /** Tells that the header was accepted: when it is refused later, it has expired and is renewed before another credential is tried. */
  accepted(): void {
    this.proven = true;
  }

  /** Answers a 401 or 403: sets `header` for the next attempt and resolves true, or resolves false when nothing is left to try. */
  async answer(response: IncomingMessage, signal: AbortSignal | undefined): Promise<boolean> {
    const challenge = response.headers['www-authenticate'];
    if (challenge !== undefined) this.challenges = parseChallenges(challenge);
    if (this.header !== undefined && !this.proven) this.candidate++;
    this.proven = false;
    for (; this.candidate < this.candidates.length; this.candidate++) {
      this.header = await this.headerFor(this.candidates[this.candidate], signal);
      if (this.header !== undefined) return true;
    }
    this.candidate = 0;
    this.header = undefined;
    return false;
  }

  private async headerFor(
    credential: RegistryCredential | undefined,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    if (credential?.registryToken !== undefined) return `Bearer ${credential.registryToken}`;
    const bearer = this.challenges.find((challenge) => challenge.scheme === 'bearer');
    if (bearer?.parameters['realm'] !== undefined) {
      const token = await this.token(bearer, credential, signal);
      return token === undefined ? undefined : `Bearer ${token}`;
    }
    const basic = this.challenges.some((challenge) => challenge.scheme === 'basic');
    return basic && credential !== undefined ? basicHeader(credential) : undefined;
  }

  /** Fetches a token, resolving undefined when the endpoint refuses the credential. */
  private async token(
    challenge: Challenge,
    credential: RegistryCredential | undefined,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const { realm = '', service } = challenge.parameters;
    const url = new URL(realm);
    if (this.registry.protocol === 'https:' && url.protocol !== 'https:')
      throw new KasmError(
        `${this.registry.origin} asks to send credentials to ${url.origin}, which is not encrypted`,
      );
    const query = new URLSearchParams({
      ...(service === undefined ? {} : { service }),
      scope: challenge.parameters['scope'] ?? `repository:${this.repository}:pull`,
    });
    const refresh = credential?.identityToken;
    if (refresh !== undefined) {
      query.set('grant_type', 'refresh_token');
      query.set('client_id', 'kasmcloud');
      query.set('refresh_token', refresh);
    } else {
      for (const [key, value] of query) url.searchParams.set(key, value);
    }
    const authorization =
      refresh === undefined && credential !== undefined ? basicHeader(credential) : undefined;
    const response = await this.http.send(url, {
      ...(refresh === undefined
        ? { headers: authorization === undefined ? {} : { authorization } }
        : {
            method: 'POST',
            body: query.toString(),
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
          }),
      ...(signal === undefined ? {} : { signal }),
    });
    const status = response.statusCode ?? 0;
    if (status === 400 || status === 401 || status === 403) {
      response.destroy();
      return undefined;
    }
    if (status !== 200) {
      response.destroy();
      throw new KasmError(`Token endpoint ${url.origin}${url.pathname} answered ${status}`);
    }
    const answer = JSON.parse((await readBody(response, 1 << 20)).toString('utf8')) as {
      token?: string;
      access_token?: string;
    };
    return answer.token ?? answer.access_token;
  }
}

/** Reads a `www-authenticate` header, which may hold several challenges with quoted parameters. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  const tokens = header.matchAll(/([a-z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))|([a-z][\w-]*)/gi);
  for (const [, key, quoted, plain, scheme] of tokens) {
    const last = challenges.at(-1);
    if (scheme !== undefined) challenges.push({ scheme: scheme.toLowerCase(), parameters: {} });
    else if (key !== undefined && last !== undefined)
      last.parameters[key.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '';
  }
  return challenges;
}

function basicHeader(credential: RegistryCredential): string | undefined {
  if (credential.username === undefined) return undefined;
  return `Basic ${Buffer.from(`${credential.username}:${credential.password ?? ''}`).toString('base64')}`;
}
