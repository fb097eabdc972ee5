import { LatticeConnection, type LatticeConnectionOptions } from '../../lib/lattice/connection';

/** How to reach the NATS server of the integration tests. */
export function natsOptions(): LatticeConnectionOptions {
  const { env } = process;
  const [servers, ca, cert, key] = ['URL', 'CA', 'CERT', 'KEY'].map(
    (name) => env[`KASMCLOUD_TEST_NATS_${name}`],
  );
  if (servers === undefined)
    throw new Error('KASMCLOUD_TEST_NATS_URL is not set: run with jest.integration.config.cjs');
  return { servers, ...(ca && cert && key && { tls: { ca, cert, key } }) };
}

export function connect(options: Partial<LatticeConnectionOptions> = {}): Promise<LatticeConnection> {
  return LatticeConnection.connect({ ...natsOptions(), ...options });
}
