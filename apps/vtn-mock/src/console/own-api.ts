import type { HttpTransport } from '@venfleet/openadr';
import type { FastifyInstance } from 'fastify';

/** Asks a site's own API, without a connection: the same checks as for whoever asks from outside. */
export function ownApi(site: FastifyInstance): HttpTransport {
  return {
    async request({ method, url, headers, body }) {
      const { pathname, search } = new URL(url);
      const answer = await site.inject({
        method,
        url: pathname + search,
        headers: { ...headers },
        ...(body === undefined ? {} : { payload: body }),
      });
      const names = Object.entries(answer.headers).map(([name, value]) => [
        name,
        typeof value === 'number' ? String(value) : value,
      ]);
      return { status: answer.statusCode, headers: Object.fromEntries(names), body: answer.body };
    },
    close: async () => undefined,
  };
}
