import { Type } from './schema.js';

/** A URI. Its lengths are those of OpenADR 3.1; 3.0.1 names none, and no server takes a longer one. */
export function uri(description: string, options: { default?: string; examples?: string[] } = {}) {
  return Type.String({ format: 'uri', minLength: 2, maxLength: 8000, description, ...options });
}
