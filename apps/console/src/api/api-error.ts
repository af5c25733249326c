import type { Problem } from '@venfleet/console-api';
import { isVenfleetError, VenfleetError } from '@venfleet/core';

export type ApiErrorCode =
  /** No answer came. */
  | 'API_UNREACHABLE'
  /** There is no token, or it is no longer good. */
  | 'API_UNAUTHORIZED'
  /** Too many attempts. */
  | 'API_BUSY'
  /** The server says no; with `fields` where it is of a form. */
  | 'API_REFUSED'
  /** The server failed, or what it says is not what was agreed. */
  | 'API_FAILED';

export class ApiError extends VenfleetError {
  declare readonly code: ApiErrorCode;
  /** What is wrong with each field of a form. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(code: ApiErrorCode, message: string, options: { hint?: string; cause?: unknown; fields?: Problem['fields'] } = {}) {
    const { fields, ...rest } = options;
    super(code, message, rest);
    this.fields = fields ?? {};
  }
}

export const isApiError = (error: unknown, ...codes: ApiErrorCode[]): error is ApiError =>
  error instanceof ApiError && isVenfleetError(error, ...codes);

/** What an answer that is no success means. */
export async function refusalOf(response: Response): Promise<ApiError> {
  const said = await problemOf(response);
  const detail = said?.detail ?? said?.title ?? `the server answered ${response.status}`;
  const { status } = response;
  if (status === 401) return new ApiError('API_UNAUTHORIZED', detail);
  if (status === 429) return new ApiError('API_BUSY', detail, { hint: waitHint(response.headers.get('retry-after')) });
  if (status >= 500) return new ApiError('API_FAILED', detail, { hint: 'the server’s log says why' });
  return new ApiError('API_REFUSED', detail, { fields: said?.fields });
}

function waitHint(retryAfter: string | null): string {
  const wait = Number(retryAfter);
  return retryAfter !== null && wait > 0 ? `try again in ${wait} s` : 'try again later';
}

async function problemOf(response: Response): Promise<Partial<Problem> | undefined> {
  try {
    const body: unknown = await response.json();
    return typeof body === 'object' && body !== null ? (body as Partial<Problem>) : undefined;
  } catch {
    // A proxy's page, or nothing: the status alone must do.
    return undefined;
  }
}
