import type { Js } from '../wrpc/types';
import * as wit from '../wrpc/wit';

/** Header fields: names may repeat; each has its values. */
export const fields = wit.list(wit.tuple(wit.string, wit.list(wit.list(wit.u8))));
export type Fields = Js<typeof fields>;

export const method = wit.variant({
  get: null,
  head: null,
  post: null,
  put: null,
  delete: null,
  connect: null,
  options: null,
  trace: null,
  patch: null,
  other: wit.string,
});

export const scheme = wit.variant({ HTTP: null, HTTPS: null, other: wit.string });

const dnsError = wit.record({ rcode: wit.option(wit.string), 'info-code': wit.option(wit.u16) });
const tlsAlert = wit.record({ 'alert-id': wit.option(wit.u8), 'alert-message': wit.option(wit.string) });
const fieldSize = wit.record({ 'field-name': wit.option(wit.string), 'field-size': wit.option(wit.u32) });

/** `wasi:http/types@0.2.0.error-code`. */
export const errorCode = wit.variant({
  'DNS-timeout': null,
  'DNS-error': dnsError,
  'destination-not-found': null,
  'destination-unavailable': null,
  'destination-IP-prohibited': null,
  'destination-IP-unroutable': null,
  'connection-refused': null,
  'connection-terminated': null,
  'connection-timeout': null,
  'connection-read-timeout': null,
  'connection-write-timeout': null,
  'connection-limit-reached': null,
  'TLS-protocol-error': null,
  'TLS-certificate-error': null,
  'TLS-alert-received': tlsAlert,
  'HTTP-request-denied': null,
  'HTTP-request-length-required': null,
  'HTTP-request-body-size': wit.option(wit.u64),
  'HTTP-request-method-invalid': null,
  'HTTP-request-URI-invalid': null,
  'HTTP-request-URI-too-long': null,
  'HTTP-request-header-section-size': wit.option(wit.u32),
  'HTTP-request-header-size': wit.option(fieldSize),
  'HTTP-request-trailer-section-size': wit.option(wit.u32),
  'HTTP-request-trailer-size': fieldSize,
  'HTTP-response-incomplete': null,
  'HTTP-response-header-section-size': wit.option(wit.u32),
  'HTTP-response-header-size': fieldSize,
  'HTTP-response-body-size': wit.option(wit.u64),
  'HTTP-response-trailer-section-size': wit.option(wit.u32),
  'HTTP-response-trailer-size': fieldSize,
  'HTTP-response-transfer-coding': wit.option(wit.string),
  'HTTP-response-content-coding': wit.option(wit.string),
  'HTTP-response-timeout': null,
  'HTTP-upgrade-failed': null,
  'HTTP-protocol-error': null,
  'loop-detected': null,
  'configuration-error': null,
  'internal-error': wit.option(wit.string),
});

/** A request; callers of components must give `scheme`, and `authority` with it. */
export const request = wit.record({
  body: wit.stream(wit.u8),
  trailers: wit.future(wit.option(fields)),
  method,
  'path-with-query': wit.option(wit.string),
  scheme: wit.option(scheme),
  authority: wit.option(wit.string),
  headers: fields,
});

export const response = wit.record({
  body: wit.stream(wit.u8),
  trailers: wit.future(wit.option(fields)),
  status: wit.u16,
  headers: fields,
});

export type Request = Js<typeof request>;
export type Response = Js<typeof response>;

/** Time limits in nanoseconds. */
export const requestOptions = wit.record({
  'connect-timeout': wit.option(wit.u64),
  'first-byte-timeout': wit.option(wit.u64),
  'between-bytes-timeout': wit.option(wit.u64),
});

/** What answers HTTP: `wasi:http/incoming-handler` to components. */
export const incomingHandler = wit.iface('wrpc:http/incoming-handler@0.1.0', {
  handle: wit.func([['request', request]], wit.result(response, errorCode)),
});

/** What sends HTTP: `wasi:http/outgoing-handler` to components. */
export const outgoingHandler = wit.iface('wrpc:http/outgoing-handler@0.1.0', {
  handle: wit.func(
    [
      ['request', request],
      ['options', wit.option(requestOptions)],
    ],
    wit.result(response, errorCode),
  ),
});
