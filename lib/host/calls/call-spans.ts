import { SpanStatusCode } from '@opentelemetry/api';
import { inCallSpan, recordsCalls } from '../../base/tracing';
import type { interfaces } from '../../lattice';
import { toFields } from '../http/wire-headers';
import type { HttpHandler } from '../providers/http-server';
import type { OutgoingCall } from './call';

type Request = interfaces.http.Request;
type Response = interfaces.http.Response;

/** Records a call that a component makes. */
export function inOutgoingSpan<T>(call: OutgoingCall, make: (call: OutgoingCall) => Promise<T>): Promise<T> {
  if (!recordsCalls()) return make(call);
  const { namespace, source, linkName, traceparent } = call;
  const attributes = {
    ...rpc(call.interface, call.function),
    'kasmcloud.namespace': namespace,
    'kasmcloud.source': source,
    'kasmcloud.link': linkName,
  };
  return inCallSpan(nameOf(call.interface, call.function), { attributes, traceparent }, (traceparent) =>
    make({ ...call, traceparent }),
  );
}

/** Records a call that came over NATS for a component of this host. */
export function inServedSpan<T>(
  component: string,
  called: { readonly instance: string; readonly name: string },
  traceparent: string | undefined,
  answer: (traceparent: string | undefined) => Promise<T>,
): Promise<T> {
  if (!recordsCalls()) return answer(traceparent);
  const attributes = { ...rpc(called.instance, called.name), 'kasmcloud.component': component };
  const name = nameOf(called.instance, called.name);
  return inCallSpan(name, { attributes, server: true, traceparent }, (traceparent) => answer(traceparent));
}

/** Records an HTTP request that came over NATS for a component of this host. */
export function inServedHttpSpan(
  component: string,
  request: Request,
  answer: (request: Request) => Promise<Response>,
): Promise<Response> {
  if (!recordsCalls()) return answer(request);
  const [, values] = request.headers.find(([name]) => name === traceHeader) ?? [];
  const before = values?.[0] && Buffer.from(values[0]).toString('latin1');
  const { tag } = request.method;
  const method = request.method.tag === 'other' ? request.method.val : tag.toUpperCase();
  const attributes = { 'http.request.method': method, 'kasmcloud.component': component };
  return inCallSpan(method, { attributes, server: true, traceparent: before }, async (traceparent, span) => {
    const others = request.headers.filter(([name]) => name !== traceHeader);
    const headers = traceparent === undefined ? others : [...others, ...toFields([traceHeader, traceparent])];
    const response = await answer({ ...request, headers });
    span.setAttribute('http.response.status_code', response.status);
    if (response.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    return response;
  });
}

/**
 * The same handler, whose requests are recorded where that is asked for: then they pass through the main thread, as workers record nothing.
 */
export function recorded(handler: HttpHandler | undefined, component: string): HttpHandler | undefined {
  if (handler === undefined || !recordsCalls()) return handler;
  return {
    handleHttp: (request, response) => {
      const { method = 'GET', url = '/', headers, rawHeaders } = request;
      const attributes = {
        'http.request.method': method,
        'url.path': url.split('?', 1)[0] ?? '/',
        'kasmcloud.component': component,
      };
      const given = headers[traceHeader];
      const traceparent = typeof given === 'string' ? given : undefined;
      return inCallSpan(method, { attributes, server: true, traceparent }, async (traceparent, span) => {
        if (traceparent !== undefined) replaceHeader(rawHeaders, traceparent);
        await handler.handleHttp(request, response);
        span.setAttribute('http.response.status_code', response.statusCode);
        if (response.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      });
    },
  };
}

const traceHeader = 'traceparent';

/** Components are given headers as they came, in this list. */
function replaceHeader(raw: string[], value: string): void {
  const at = raw.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === traceHeader);
  if (at === -1) raw.push(traceHeader, value);
  else raw[at + 1] = value;
}

function nameOf(interfaceName: string, func: string): string {
  return `${interfaceName}#${func}`;
}

function rpc(service: string, method: string): Record<string, string> {
  return { 'rpc.system': 'wrpc', 'rpc.service': service, 'rpc.method': method };
}
