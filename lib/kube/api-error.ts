import { KasmError } from '../base/errors';

/** One field that the API server objects to. */
export interface ApiErrorCause {
  readonly field?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** The parts of a `meta/v1 Status` that an error carries. */
interface Status {
  readonly kind?: string;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly causes?: ApiErrorCause[]; readonly retryAfterSeconds?: number };
}

/** The API server's refusal of a request. */
export class ApiError extends KasmError {
  override readonly name = 'ApiError';

  constructor(
    /** HTTP status code. */
    readonly status: number,
    /** Machine-readable reason, e.g. `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `Expired`. */
    readonly reason: string,
    message: string,
    /** The fields at fault, when the server names them. */
    readonly causes: readonly ApiErrorCause[] = [],
    /** How long the server asks to wait before the next try, in milliseconds. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }

  /** Reads the body of a failed response; a body that is not a Status (a proxy's page) is quoted up to 200 characters. */
  static parse(status: number, body: string, retryAfterHeader?: string): ApiError {
    const parsed = parseStatus(body);
    const seconds = Number(retryAfterHeader ?? parsed?.details?.retryAfterSeconds ?? NaN);
    return new ApiError(
      status,
      parsed?.reason ?? defaultReasons[status] ?? 'Unknown',
      parsed?.message ?? `The API server answered ${status}: ${body.slice(0, 200).trim() || 'no message'}`,
      parsed?.details?.causes ?? [],
      Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : undefined,
    );
  }

  /** The error inside a watch: a Status object in place of a resource. */
  static fromStatus(status: unknown): ApiError {
    const { code } = status as Status;
    return ApiError.parse(code ?? 500, JSON.stringify(status));
  }
}

const defaultReasons: Record<number, string> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Gone',
  422: 'Invalid',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
};

function parseStatus(body: string): Status | undefined {
  try {
    const value = JSON.parse(body) as Status | null;
    return value !== null && typeof value === 'object' && value.kind === 'Status' ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** No answer came: connection refused, reset, timed out or not trusted. */
export class ConnectionError extends KasmError {
  override readonly name = 'ConnectionError';
}

/** True when `error` is the API server's refusal with one of these reasons or HTTP status codes. */
export function isApiError(error: unknown, ...reasons: (string | number)[]): error is ApiError {
  return error instanceof ApiError && (reasons.includes(error.reason) || reasons.includes(error.status));
}
