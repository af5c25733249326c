import { join } from 'node:path';
import type { Client, WireVersion } from '@venfleet/openadr';
import { type Child, ROOT, type Workplace } from './workplace.js';

/** A mock VTN in a process of its own, its data in a file. */
export interface Mock extends Pick<Child, 'stop'> {
  readonly urls: Readonly<Record<WireVersion, string>>;
  /** Gets a token for a client. */
  token(client: Client): Promise<string>;
}

/**
 * Starts a mock VTN by its command line.
 * @param credentials path of the credentials file
 * @param data its data file; by default a new one, so that it is empty
 */
export async function startMock(place: Workplace, credentials: string, data = place.path('vtn.db')): Promise<Mock> {
  const main = join(ROOT, 'apps/vtn-mock/dist/main.js');
  const options = ['--port', '0', '--data', data, '--clients', credentials, '--json'];
  const { firstLine, stop } = await place.start(process.execPath, [main, 'serve', ...options]);
  const { urls, tokenUrl } = JSON.parse(firstLine) as { urls: Mock['urls']; tokenUrl: string };
  return {
    urls,
    stop,
    async token({ clientId, clientSecret }) {
      const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
      const answer = await fetch(tokenUrl, { method: 'POST', body: new URLSearchParams(form) });
      const { access_token } = (await succeeded(answer)) as { access_token: string };
      return access_token;
    },
  };
}

/** The JSON of an answer. @throws Error unless it is a success */
export async function succeeded(answer: Response): Promise<unknown> {
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${(await answer.text()).slice(0, 200)}`);
  return answer.json();
}
