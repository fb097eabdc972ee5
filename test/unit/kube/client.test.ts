import { ApiError, ConnectionError, KubeClient } from '../../../lib/kube';
import {
  FakeApi,
  type FakeRequest,
  type Widget,
  Widgets,
  list,
  sendJson,
  sendStatus,
  widget,
} from './fake-api';
import type http from 'node:http';

let api: FakeApi;
let handle: (request: FakeRequest, response: http.ServerResponse) => void;
let client: KubeClient;

beforeEach(async () => {
  api = await FakeApi.start((request, response) => handle(request, response));
  client = new KubeClient(api.connection);
});
afterEach(() => api.stop());

const key = { namespace: 'ns', name: 'a' };

describe('list', () => {
  test('lists 200,000 objects, page by page', async () => {
    const total = 200_000;
    handle = ({ url }, response) => {
      const from = Number(url.searchParams.get('continue') ?? 0);
      const limit = Number(url.searchParams.get('limit'));
      const to = Math.min(total, from + limit);
      const items = Array.from({ length: to - from }, (_, i) => ({
        metadata: { name: `w${from + i}`, namespace: 'ns', resourceVersion: '1' },
      }));
      sendJson(response, 200, list(items, '77', to < total ? String(to) : undefined));
    };
    const { items, resourceVersion } = await client.list(Widgets);
    expect(items).toHaveLength(total);
    expect(new Set(items.map((item) => item.metadata.name)).size).toBe(total);
    expect(items[199_999]).toMatchObject({ apiVersion: 'example.com/v1', kind: 'Widget' });
    expect(resourceVersion).toBe('77');
    expect(api.requests).toHaveLength(400);
  });

  test('takes 200,000 objects in one page too', async () => {
    const items = Array.from({ length: 200_000 }, (_, i) => ({ metadata: { name: `w${i}` } }));
    handle = (_, response) => sendJson(response, 200, list(items));
    expect((await client.list(Widgets)).items).toHaveLength(200_000);
  });

  test('starts again when the snapshot expires between pages, at last without pages', async () => {
    handle = ({ url }, response) => {
      if (url.searchParams.get('continue') !== null) sendStatus(response, 410, 'Expired');
      else if (url.searchParams.get('limit') === null)
        sendJson(response, 200, list([widget('a'), widget('b')]));
      else sendJson(response, 200, list([widget('a')], '10', 'token'));
    };
    expect((await client.list(Widgets)).items.map((item) => item.metadata.name)).toEqual(['a', 'b']);
    expect(api.requests).toHaveLength(7);
  });

  test('asks for the selection', async () => {
    handle = (_, response) => sendJson(response, 200, list([]));
    await client.list(Widgets, { namespace: 'n s', labelSelector: 'a=b,c!=d', fieldSelector: 'spec.host=h' });
    const { url } = api.requests[0]!;
    expect(url.pathname).toBe('/apis/example.com/v1/namespaces/n%20s/widgets');
    expect(url.searchParams.get('labelSelector')).toBe('a=b,c!=d');
    expect(url.searchParams.get('fieldSelector')).toBe('spec.host=h');
  });
});

describe('errors', () => {
  test('carry status, reason, message and causes', async () => {
    handle = (_, response) =>
      sendJson(response, 422, {
        kind: 'Status',
        code: 422,
        reason: 'Invalid',
        message: 'spec.color: Unsupported value',
        details: { causes: [{ field: 'spec.color', reason: 'FieldValueNotSupported', message: 'no' }] },
      });
    const error = await client.create(Widgets, widget('a')).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 422,
      reason: 'Invalid',
      message: 'spec.color: Unsupported value',
      causes: [{ field: 'spec.color' }],
    });
  });

  test('quote a body that is not a Status', async () => {
    handle = (_, response) => response.writeHead(502).end('<html>Bad gateway</html>');
    await expect(client.get(Widgets, key)).rejects.toThrow('answered 502: <html>Bad gateway</html>');
  });

  test('a 404 is undefined for find, false for delete', async () => {
    handle = (_, response) => sendStatus(response, 404, 'NotFound');
    expect(await client.find(Widgets, key)).toBeUndefined();
    expect(await client.delete(Widgets, key)).toBe(false);
    await expect(client.get(Widgets, key)).rejects.toMatchObject({ reason: 'NotFound' });
  });

  test('delete by uid spares a successor of the same name', async () => {
    handle = (_, response) => sendStatus(response, 409, 'Conflict');
    expect(await client.delete(Widgets, key, { uid: 'u1' })).toBe(false);
    expect(JSON.parse(api.requests[0]!.body)).toMatchObject({ preconditions: { uid: 'u1' } });
    await expect(client.delete(Widgets, key)).rejects.toMatchObject({ status: 409 });
  });

  test('a namespaced object without namespace is refused before it is sent', async () => {
    await expect(client.get(Widgets, { name: 'a' })).rejects.toThrow('Widget "a" has no namespace');
    expect(api.requests).toHaveLength(0);
  });

  test('a server that is not there gives the address and what to check', async () => {
    await api.stop();
    const error = await client.get(Widgets, key).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConnectionError);
    expect((error as Error).message).toMatch(
      /Cannot reach the API server at http:\/\/127.0.0.1:\d+: .*ECONNREFUSED/,
    );
  });

  test('a server that falls silent is given up, before and within the body', async () => {
    handle = () => undefined;
    await expect(client.raw('/x', { idleTimeoutMs: 50 })).rejects.toThrow('no byte for 0.05 s');
    handle = (_, response) => void response.writeHead(200).write('{"half":');
    await expect(client.raw('/x', { idleTimeoutMs: 50 })).rejects.toThrow('no byte for 0.05 s');
  });

  test('an abort rejects with its reason, also within the body', async () => {
    const reason = new Error('enough');
    handle = (_, response) => {
      response.writeHead(200).write('{');
      setTimeout(() => controller.abort(reason), 20);
    };
    const controller = new AbortController();
    await expect(client.get(Widgets, key, { signal: controller.signal })).rejects.toBe(reason);
    await expect(client.get(Widgets, key, { signal: controller.signal })).rejects.toBe(reason);
    expect(api.requests).toHaveLength(1);
  });
});

describe('retries', () => {
  test('a 401 reads the credentials again, once', async () => {
    handle = ({ headers }, response) =>
      headers.authorization === 'Bearer new'
        ? sendJson(response, 200, widget('a'))
        : sendStatus(response, 401, 'Unauthorized');
    await expect(client.get(Widgets, key)).resolves.toMatchObject({ metadata: { name: 'a' } });

    handle = (_, response) => sendStatus(response, 401, 'Unauthorized');
    await expect(client.get(Widgets, key)).rejects.toMatchObject({ status: 401 });
    expect(api.freshReads).toEqual([false, true, false, true]);
  });

  test('Retry-After is honoured, a bounded number of times', async () => {
    let refusals = 2;
    handle = (_, response) =>
      refusals-- > 0
        ? sendStatus(response, 429, 'TooManyRequests', { 'Retry-After': '0' })
        : sendJson(response, 200, widget('a'));
    await client.get(Widgets, key);
    expect(api.requests).toHaveLength(3);

    refusals = 1000;
    await expect(client.get(Widgets, key)).rejects.toMatchObject({ status: 429, retryAfterMs: 0 });
    expect(api.requests).toHaveLength(3 + 5);
  });

  test('a refusal without Retry-After is the caller’s', async () => {
    handle = (_, response) => sendStatus(response, 500, 'InternalError');
    await expect(client.get(Widgets, key)).rejects.toMatchObject({ status: 500 });
    expect(api.requests).toHaveLength(1);
  });

  test('a kept connection that the server closed meanwhile is replaced', async () => {
    let close = false;
    handle = (_, response) => {
      if (close) {
        close = false;
        response.socket?.destroy();
      } else sendJson(response, 200, widget('a'));
    };
    await client.get(Widgets, key);
    close = true;
    await expect(client.get(Widgets, key)).resolves.toMatchObject({ kind: 'Widget' });
  });
});

describe('writes', () => {
  beforeEach(() => {
    handle = ({ body }, response) => sendJson(response, 200, body === '' ? {} : JSON.parse(body));
  });

  test.each<[string, () => Promise<unknown>, string, string]>([
    [
      'apply',
      () => client.apply(Widgets, widget('a'), { fieldManager: 'm', force: true }),
      'PATCH /apis/example.com/v1/namespaces/ns/widgets/a?fieldManager=m&force=true',
      'application/apply-patch+yaml',
    ],
    [
      'applyStatus',
      () => client.applyStatus(Widgets, widget('a'), { fieldManager: 'm' }),
      'PATCH /apis/example.com/v1/namespaces/ns/widgets/a/status?fieldManager=m',
      'application/apply-patch+yaml',
    ],
    [
      'merge patch',
      () => client.patch(Widgets, key, { spec: { color: 'blue' } }, { subresource: 'status' }),
      'PATCH /apis/example.com/v1/namespaces/ns/widgets/a/status',
      'application/merge-patch+json',
    ],
    [
      'JSON patch',
      () => client.patch(Widgets, key, [{ op: 'test', path: '/spec/color', value: 'red' }]),
      'PATCH /apis/example.com/v1/namespaces/ns/widgets/a',
      'application/json-patch+json',
    ],
    [
      'create',
      () => client.create(Widgets, widget('a'), { fieldManager: 'm' }),
      'POST /apis/example.com/v1/namespaces/ns/widgets?fieldManager=m',
      'application/json',
    ],
    [
      'replace',
      () => client.replace(Widgets, widget('a') satisfies Widget),
      'PUT /apis/example.com/v1/namespaces/ns/widgets/a',
      'application/json',
    ],
  ])('%s', async (_, call, line, contentType) => {
    await call();
    const { method, url, headers } = api.requests[0]!;
    expect(`${method} ${url.pathname}${url.search}`).toBe(line);
    expect(headers['content-type']).toBe(contentType);
  });
});
