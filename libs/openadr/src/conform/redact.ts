const REDACTED = '[redacted]';

/** Takes secrets out of texts: those it was told of, in each form in which they may appear in a request. */
export class Redactor {
  readonly #secrets = new Set<string>();

  add(secret: string): void {
    if (secret === '') return;
    this.#secrets.add(secret);
    this.#secrets.add(encodeURIComponent(secret));
    this.#secrets.add(new URLSearchParams({ '': secret }).toString().slice(1));
    this.#secrets.add(JSON.stringify(secret).slice(1, -1));
  }

  apply(text: string): string {
    // The longest first: one secret may be the beginning of another.
    const secrets = [...this.#secrets].sort((a, b) => b.length - a.length);
    return secrets.reduce((redacted, secret) => redacted.replaceAll(secret, REDACTED), text);
  }
}
