import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { CallErrorReason } from '../call-error';

const statuses: Readonly<Record<CallErrorReason, number>> = {
  Trapped: 500,
  NoResponse: 500,
  DeadlineExceeded: 504,
  Overloaded: 503,
  NotServing: 503,
  WorkerLost: 503,
};

/** An answer of the host's own: clients learn what happened, the log has the details. */
export function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, headersOf(status));
  response.end(`${message}\n`);
}

/** The answer to a call that an actor did not answer. */
export function refuseCall(response: ServerResponse, reason: CallErrorReason | undefined): void {
  refuse(response, reason === undefined ? 500 : statuses[reason], messageOf(reason));
}

/** The same as the bytes of a whole response, after which the connection ends. */
export function rawRefusal(reason: CallErrorReason): string {
  const status = statuses[reason];
  const body = `${messageOf(reason)}\n`;
  const headers = { ...headersOf(status), 'content-length': body.length, connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`;
}

function headersOf(status: number): Record<string, string> {
  return {
    'content-type': 'text/plain; charset=utf-8',
    ...(status === 503 ? { 'retry-after': '1' } : {}),
  };
}

function messageOf(reason: CallErrorReason | undefined): string {
  return `The component did not answer: ${reason ?? 'internal error'}`;
}
