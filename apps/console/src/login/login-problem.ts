import { describeError } from '@venfleet/core';
import { isApiError } from '../api/api-error.js';
import { sentence } from '../text/format.js';

/** What a person can do about a login that failed. */
export function loginProblem(error: unknown): string {
  if (isApiError(error, 'API_BUSY')) return `Too many attempts: ${error.hint}.`;
  if (isApiError(error, 'API_UNAUTHORIZED')) return `Not accepted: ${error.message}.`;
  if (isApiError(error, 'API_UNREACHABLE')) return 'The server cannot be reached. Is it running?';
  return `${sentence(describeError(error))}.`;
}
