import type { HttpRequest, HttpResponse, HttpTransport } from '@venfleet/openadr';
import { type Caller, mayUse } from '../auth/caller.js';
import type { Call, Collection } from '../http/collection.js';
import { Problem, problemBody } from '../http/problem.js';
import { COLLECTIONS } from '../objects/index.js';
import type { VtnContext } from '../vtn-context.js';

/**
 * The VTN's own 3.1 API for one of its callers, without a connection in between: the same collections, scopes and checks as
 * for whoever asks from outside.
 */
export function ownApi(context: VtnContext, caller: Caller): HttpTransport {
  const collections = new Map(COLLECTIONS['3.1.0'].map((make) => make(context)).map((made) => [made.path, made]));
  return {
    async request(request) {
      const { pathname, searchParams } = new URL(request.url);
      const [, path = '', id] = /^(\/\w+)(?:\/([^/]+))?$/.exec(pathname) ?? [];
      const collection = collections.get(path);
      try {
        if (collection === undefined) throw new Problem(404, `there is nothing at ${pathname}`);
        const params = id === undefined ? {} : { [collection.idParam]: decodeURIComponent(id) };
        return await answerTo(context, collection, { caller, params }, request, searchParams);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        const body = JSON.stringify(problemBody(error.statusCode, error.message));
        return { status: error.statusCode, headers: {}, body };
      }
    },
    close: async () => undefined,
  };
}

async function answerTo(
  { store }: VtnContext,
  collection: Collection,
  call: Call,
  { method, body }: HttpRequest,
  search: URLSearchParams,
): Promise<HttpResponse> {
  const isItem = Object.keys(call.params).length > 0;
  const scope = method === 'GET' ? collection.readScope : collection.writeScope;
  if (!mayUse(call.caller, scope)) throw new Problem(403, `this needs the scope ${scope}`);
  const ok = (text: string, status = 200): HttpResponse => ({ status, headers: {}, body: text });
  if (method === 'GET' && isItem) return ok(store.read(() => collection.read(call)));
  if (method === 'GET') {
    const query = collection.parseQuery(Object.fromEntries(search));
    const page = { skip: query.skip ?? 0, limit: query.limit ?? 50 };
    return ok(`[${store.read(() => collection.list({ ...call, query, page })).join(',')}]`);
  }
  if (method === 'DELETE') return ok(await store.write(() => collection.remove(call)));
  const written = { ...call, body: JSON.parse(body ?? '') };
  collection.checkBody(written.body);
  await collection.prepare?.(written);
  if (method === 'POST') return ok(await store.write(() => collection.create(written)), 201);
  return ok(await store.write(() => collection.replace(written)));
}
