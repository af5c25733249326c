/** A message of an event stream (HTML standard, section 9.2.6). */
export interface SseMessage {
  readonly event: string;
  readonly data: string;
}

/** Takes a stream's text as it comes, in pieces of any size, and gives the messages that are complete. */
export class SseParser {
  #line = '';
  #event = '';
  #data: string[] = [];
  /** The last piece ended with a carriage return: a line feed to come belongs to it. */
  #skipsFeed = false;

  push(text: string): SseMessage[] {
    const messages: SseMessage[] = [];
    const from = this.#skipsFeed && text.startsWith('\n') ? 1 : 0;
    if (text !== '') this.#skipsFeed = text.endsWith('\r');
    const lines = text.slice(from).split(/\r\n|\r|\n/);
    lines[0] = this.#line + lines[0];
    this.#line = lines.pop() ?? '';
    for (const line of lines) {
      const message = this.#take(line);
      if (message !== undefined) messages.push(message);
    }
    return messages;
  }

  #take(line: string): SseMessage | undefined {
    if (line === '') return this.#finish();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#event = value;
    else if (field === 'data') this.#data.push(value);
    return undefined;
  }

  #finish(): SseMessage | undefined {
    const [event, data] = [this.#event || 'message', this.#data];
    [this.#event, this.#data] = ['', []];
    return data.length === 0 ? undefined : { event, data: data.join('\n') };
  }
}
