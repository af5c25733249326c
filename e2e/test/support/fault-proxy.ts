import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to a request on its way: an answer of the proxy's own, or something worse. */
export type Fault =
  | { readonly kind: 'answer'; readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  /** The connection breaks before the VTN hears of the request. */
  | { readonly kind: 'reset' }
  /** The VTN carries the request out, and the connection breaks before its answer arrives. */
  | { readonly kind: 'lose-answer' }
  /** The VTN's answer is held back for so many milliseconds. */
  | { readonly kind: 'delay'; readonly ms: number };

export interface ProxiedRequest {
  /** 1, 2, 3, … over all requests */
  readonly number: number;
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
}

export interface FaultProxy {
  readonly origin: string;
  /** Where requests go now; may be moved when the VTN is restarted elsewhere. */
  target: string;
  close(): Promise<void>;
}

/** An HTTP proxy on a free port in front of a VTN that does to each request what `decide` says. */
export async function startFaultProxy(
  target: string,
  decide: (request: ProxiedRequest) => Fault | undefined,
): Promise<FaultProxy> {
  let count = 0;
  const proxy: { target: string } = { target };
  const server = createServer((incoming, outgoing) => {
    const fault = decide({
      number: ++count,
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      authorization: incoming.headers.authorization,
    });
    if (fault?.kind === 'reset') incoming.socket.destroy();
    else if (fault?.kind === 'answer') answer(incoming, outgoing, fault);
    else forward(proxy.target, incoming, outgoing, fault);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return Object.assign(proxy, {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  });
}

function answer(incoming: IncomingMessage, outgoing: ServerResponse, fault: Extract<Fault, { kind: 'answer' }>): void {
  incoming.resume();
  incoming.on('end', () => {
    const body = fault.body ?? { type: 'about:blank', title: 'fault', status: fault.status };
    outgoing.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
    outgoing.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
}

function forward(target: string, incoming: IncomingMessage, outgoing: ServerResponse, fault: Fault | undefined): void {
  const url = new URL(incoming.url ?? '/', target);
  // With the Host header as it came, so that the VTN tells clients to come for tokens through the proxy, too.
  const onward = request(url, { method: incoming.method ?? 'GET', headers: incoming.headers, agent: false }, (response) => {
    if (fault?.kind === 'lose-answer') {
      response.resume();
      response.on('end', () => incoming.socket.destroy());
      return;
    }
    const reply = () => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    };
    if (fault?.kind === 'delay') setTimeout(reply, fault.ms);
    else reply();
  });
  onward.on('error', () => incoming.socket.destroy());
  incoming.pipe(onward);
}
