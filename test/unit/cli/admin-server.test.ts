import { AdminServer, type RoleHealth } from '../../../lib/cli/admin-server';
import { registry } from '../../../lib/base/metrics';

let server: AdminServer;
const roles = new Map<string, RoleHealth>();
const get = async (path: string): Promise<{ status: number; text: string }> => {
  const response = await fetch(`${server.url}${path}`);
  return { status: response.status, text: await response.text() };
};

beforeAll(async () => {
  server = await AdminServer.start('127.0.0.1:0', roles);
});
afterAll(async () => {
  await server.stop();
  registry.clear();
});

it('is ready when every role is, and alive before', async () => {
  expect((await get('/healthz')).status).toBe(200);
  expect((await get('/readyz')).status).toBe(503);
  let working = false;
  roles.set('host', { ready: () => working });
  expect(await get('/readyz')).toMatchObject({
    status: 503,
    text: expect.stringContaining('"host":false') as string,
  });
  working = true;
  expect((await get('/readyz')).status).toBe(200);
});

it('serves metrics of ours and of the process', async () => {
  const { status, text } = await get('/metrics');
  expect(status).toBe(200);
  expect(text).toContain('process_resident_memory_bytes');
});

it('says which paths there are', async () => {
  expect(await get('/nothing')).toMatchObject({
    status: 404,
    text: expect.stringContaining('/metrics') as string,
  });
});

it('refuses an address that is none, or taken', async () => {
  await expect(AdminServer.start('9090', roles)).rejects.toThrow('Write host:port');
});
