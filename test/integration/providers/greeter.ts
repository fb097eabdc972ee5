import { connect, interfaces, type Link } from '../../../lib/provider';

/** A provider process as a user writes it with the SDK. It stores nothing: what it is asked for tells what it knows. */
async function main(): Promise<void> {
  const provider = await connect();
  let healthy = true;
  console.log(`greeter of ${provider.id}, password ${String(provider.secrets['password'])}`);
  provider.onHealthCheck(() => (healthy ? { healthy } : { healthy, message: 'told to be sick' }));
  const describe = ({ name, source, targetConfig, targetSecrets }: Link): object => ({
    name,
    source,
    targetConfig,
    targetSecrets,
  });
  const facts = (): Record<string, unknown> => ({
    config: provider.config,
    secrets: provider.secrets,
    links: provider.links.map(describe),
    environment: Object.keys(process.env),
    pid: process.pid,
  });
  provider.serve(interfaces.keyvalue.store, {
    get: (_bucket, key) => Buffer.from(JSON.stringify(facts()[key])),
    set: (_bucket, key) => {
      if (key === 'sick') healthy = false;
      if (key === 'well') healthy = true;
      if (key === 'crash') {
        console.error('greeter was told to crash');
        process.exit(3);
      }
    },
  });
  await provider.closed;
}

void main();
