import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { LatticeConnection } from '../../lib/lattice';
import { startNats } from '../../lib/local/nats';
import { connect, type Provider } from '../../lib/provider';
import { CallHost, callLink } from './call-host';
import { servePens, work } from './conformance/pens';

describe('a component that imports the resources of a provider', () => {
  let nats: Awaited<ReturnType<typeof startNats>>;
  let connection: LatticeConnection;
  let host: CallHost;
  let provider: Provider;
  let inkOf: (handle: Uint8Array) => number;

  beforeAll(async () => {
    nats = await startNats({ dir: mkdtempSync(path.join(process.env['KASMCLOUD_TEST_DIR'] ?? '', 'nats-')) });
    const tls = nats.client('test');
    connection = await LatticeConnection.connect({ servers: nats.url, tls });
    provider = await connect({ nats: nats.url, tls, lattice: 'lattice', id: 'drawer' });
    inkOf = servePens(provider);
    host = new CallHost([callLink('desk', 'drawer', 'test:desk/pens')], connection);
    await host.start('desk', 'desk', { instances: 1 });
  });
  afterAll(async () => {
    await host?.stop();
    await provider?.close();
    await connection?.close();
    await nats?.stop();
  });

  it('makes them, calls their methods, and is given what those return and throw', async () => {
    const desk = provider.target('desk', work);
    expect(await desk.writeMuch(4)).toBe(6);
    await expect(desk.writeMuch(11)).rejects.toMatchObject({ payload: 'only 10 letters left' });
  });

  it('takes them from whoever calls it, lends them and gives them back', async () => {
    const desk = provider.target('desk', work);
    await desk.hold(new TextEncoder().encode('0'));
    const refilled = await desk.giveBack();
    expect(inkOf(refilled)).toBe(6 + 9);
    expect(await desk.look(refilled)).toBe(15);
    expect(await desk.many([refilled, new TextEncoder().encode('0')])).toEqual(refilled);
    expect(await desk.many([])).toBeUndefined();
  });

  it('is not given handles of any size: the host keeps them', async () => {
    const desk = provider.target('desk', work);
    await expect(desk.look(new Uint8Array(5_000))).rejects.toMatchObject({ reason: 'Incomplete' });
    expect(await desk.look(new TextEncoder().encode('0'))).toBe(6);
  });

  it('cannot use a handle that it was not given', async () => {
    await expect(provider.target('desk', work).forge(7)).rejects.toMatchObject({ reason: 'Incomplete' });
  });
});
