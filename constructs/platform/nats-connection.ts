import type { IConfigMap, ISecret } from 'cdk8s-plus-27';

/** How a host proves to NATS who it is, by one Secret of these; what is secret never passes through the program. */
export interface NatsLogin {
  /**
   * Secret with a credentials file under the key `nats.creds`.
   *
   * @default - none
   */
  readonly credentials?: ISecret | undefined;
  /**
   * Secret with the seed of a user's nkey under the key `seed` (`SU…`) and, where the server trusts an operator, the JWT of that user under
   * the key `jwt`.
   *
   * @default - none
   */
  readonly seed?: ISecret | undefined;
  /**
   * Secret of type `kubernetes.io/basic-auth`: a user's name under the key `username`, the password under `password`.
   *
   * @default - none
   */
  readonly basicAuth?: ISecret | undefined;
}

/** How to reach NATS: a {@link Nats} of the same program, or one that runs elsewhere. */
export interface NatsConnection extends NatsLogin {
  /** Addresses, several separated by commas: `nats://nats.kasmcloud-system.svc:4222`. They hold no password. */
  readonly url: string;
  /**
   * Secret with a client certificate: `tls.crt` and `tls.key`, and beside them `ca.crt`, the authority of the server.
   *
   * @default - TLS only where the address or the server asks for it, and no client certificate
   */
  readonly tls?: ISecret | undefined;
  /**
   * Secret or ConfigMap with `ca.crt`, the authority of a server that asks for no client certificate. Not together with `tls`, which has
   * one.
   *
   * @default - that of `tls`, else the authorities of the image
   */
  readonly ca?: ISecret | IConfigMap | undefined;
}

/** The ways to log in of which hosts know one at a time. */
const logins = ['credentials', 'seed', 'basicAuth'] as const;

/** What is wrong with how NATS is reached. */
export function natsIssues(nats: NatsConnection, type: 'Kasm' | 'wasmCloud'): string[] {
  const issues: string[] = [];
  const urls = nats.url.split(',');
  if (!urls.every((url) => /^(nats|tls|ws|wss):\/\/[^/ ]+/.test(url)))
    issues.push(
      `nats.url must be addresses such as nats://nats.example.com:4222, got ${JSON.stringify(nats.url)}`,
    );
  else if (urls.some((url) => /:\/\/[^/]*@/.test(url)))
    issues.push(
      'nats.url must hold no user or password, which would stand in the manifest: give nats.basicAuth, a Secret',
    );
  const given = logins.filter((login) => nats[login] !== undefined);
  if (given.length > 1)
    issues.push(`nats must be given one way to log in, got ${given.join(' and ')}: leave out all but one`);
  if (nats.tls !== undefined && nats.ca !== undefined)
    issues.push('nats.ca must not be given with nats.tls, whose Secret has a ca.crt: leave out one');
  if (type === 'wasmCloud' && nats.basicAuth !== undefined)
    issues.push(
      'nats.basicAuth must not be given with type wasmCloud, whose hosts know no passwords: give credentials, or seed',
    );
  return issues;
}
