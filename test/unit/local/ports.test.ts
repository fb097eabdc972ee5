import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { choosePort, isFree } from '../../../lib/local/ports';

test('the port asked for, else the one used before, else any; never one that is taken', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  try {
    await expect(isFree(port)).resolves.toBe(false);
    await expect(choosePort('port of NATS', { asked: port })).rejects.toThrow(
      `Port ${port}, asked for as port of NATS, is in use`,
    );
    const other = await choosePort('port of NATS', { previous: port });
    expect(other).not.toBe(port);
    await expect(choosePort('port of NATS', { previous: other })).resolves.toBe(other);
    await expect(choosePort('port of NATS', { asked: other, previous: port })).resolves.toBe(other);
  } finally {
    taken.close();
  }
});
