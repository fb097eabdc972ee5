import type { ISecret } from 'cdk8s-plus-27';

/** How to reach NATS: a {@link Nats} of the same program, or one that runs elsewhere. */
export interface NatsConnection {
  /** Addresses, several separated by commas: `nats://nats.kasmcloud-system.svc:4222`. */
  readonly url: string;
  /**
   * Secret with `ca.crt` and, for a client certificate, `tls.crt` and `tls.key`.
   *
   * @default - TLS only where the address or the server asks for it
   */
  readonly tls?: ISecret | undefined;
  /**
   * Secret with a credentials file under the key `nats.creds`.
   *
   * @default - none
   */
  readonly credentials?: ISecret | undefined;
}
