/** `wasi:http/types.error-code`, of which the host makes these. */
export type ErrorCode =
  | {
      readonly tag:
        | 'DNS-timeout'
        | 'destination-not-found'
        | 'destination-unavailable'
        | 'destination-IP-prohibited'
        | 'connection-refused'
        | 'connection-terminated'
        | 'connection-timeout'
        | 'connection-read-timeout'
        | 'connection-limit-reached'
        | 'TLS-protocol-error'
        | 'TLS-certificate-error'
        | 'HTTP-request-denied'
        | 'HTTP-request-method-invalid'
        | 'HTTP-request-URI-invalid'
        | 'HTTP-response-incomplete'
        | 'HTTP-response-timeout'
        | 'HTTP-protocol-error'
        | 'configuration-error';
    }
  | { readonly tag: 'DNS-error'; readonly val: { rcode?: string; infoCode?: number } }
  | { readonly tag: 'HTTP-request-body-size' | 'HTTP-response-body-size'; readonly val: bigint | undefined }
  | { readonly tag: 'HTTP-response-header-section-size'; readonly val: number | undefined }
  | { readonly tag: 'internal-error'; readonly val: string | undefined };

/** What a failure of node:http is called in wasi:http. */
export function errorCodeOf(error: unknown): ErrorCode {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOTFOUND':
      return { tag: 'DNS-error', val: { rcode: 'NXDOMAIN' } };
    case 'EAI_AGAIN':
      return { tag: 'DNS-timeout' };
    case 'EGRESSDENIED':
      return { tag: 'destination-IP-prohibited' };
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
      return { tag: 'destination-unavailable' };
    case 'HPE_HEADER_OVERFLOW':
      return { tag: 'HTTP-response-header-section-size', val: undefined };
    case 'ERR_INVALID_HTTP_TOKEN':
    case 'ERR_INVALID_CHAR':
      return { tag: 'HTTP-protocol-error' };
    case 'ERR_UNESCAPED_CHARACTERS':
      return { tag: 'HTTP-request-URI-invalid' };
    case 'ECONNREFUSED':
      return { tag: 'connection-refused' };
    case 'ECONNRESET':
    case 'EPIPE':
      return { tag: 'connection-terminated' };
    case 'ETIMEDOUT':
      return { tag: 'connection-timeout' };
    default:
  }
  if (code?.startsWith('HPE_') === true) return { tag: 'HTTP-protocol-error' };
  if (code?.includes('CERT') === true || code?.includes('VERIFY') === true) {
    return { tag: 'TLS-certificate-error' };
  }
  if (code?.startsWith('ERR_SSL') === true || code === 'EPROTO') return { tag: 'TLS-protocol-error' };
  return { tag: 'internal-error', val: message };
}
