import { KeyPair } from '../../lib/lattice/nkeys';

/** An operator with one account, as `nsc` makes them: what a NATS server is configured with, and credentials of users. */
export class NatsOperator {
  private readonly operator = KeyPair.generate('operator');
  private readonly account = KeyPair.generate('account');

  /** Part of the configuration of a server. */
  get config(): string {
    const operator = token(this.operator, this.operator, { type: 'operator' });
    const limits = {
      subs: -1,
      data: -1,
      payload: -1,
      imports: -1,
      exports: -1,
      wildcards: true,
      conn: -1,
      leaf: -1,
    };
    const account = token(this.operator, this.account, { type: 'account', limits });
    return `operator: ${operator}\nresolver: MEMORY\nresolver_preload: { ${this.account.publicKey}: ${account} }`;
  }

  /** A user who may do everything in the account, or only publish and subscribe what is listed. */
  user(allow?: readonly string[]): { readonly jwt: string; readonly seed: string; readonly creds: string } {
    const user = KeyPair.generate('user');
    const permission = allow === undefined ? {} : { allow };
    const unlimited = { subs: -1, data: -1, payload: -1 };
    const jwt = token(this.account, user, { type: 'user', pub: permission, sub: permission, ...unlimited });
    const block = (name: string, text: string): string =>
      `-----BEGIN ${name}-----\n${text}\n------END ${name}------\n`;
    return { jwt, seed: user.seed, creds: block('NATS USER JWT', jwt) + block('USER NKEY SEED', user.seed) };
  }
}

function token(issuer: KeyPair, subject: KeyPair, nats: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    jti: subject.publicKey,
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.publicKey,
    sub: subject.publicKey,
    nats: { version: 2, ...nats },
  };
  const text = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part(claims)}`;
  return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString('base64url')}`;
}
