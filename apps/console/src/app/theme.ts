import { type Signal, signal } from '@preact/signals';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'venfleet-theme';

/** What is needed of the browser: its local storage, and the root element's data attributes. */
export interface ThemePlace {
  readonly storage: { getItem(key: string): string | null; setItem(key: string, value: string): void };
  readonly dataset: DOMStringMapLike;
}
type DOMStringMapLike = Record<string, string | undefined>;

/** The chosen look; the style sheet follows `data-theme`, and the system where there is none. */
export class ThemeChoice {
  readonly chosen: Signal<Theme>;
  readonly #place: ThemePlace;

  constructor(place: ThemePlace) {
    this.#place = place;
    const kept = THEMES.find((theme) => theme === place.storage.getItem(KEY));
    this.chosen = signal(kept ?? 'system');
    this.#show();
  }

  choose(theme: Theme): void {
    this.chosen.value = theme;
    this.#place.storage.setItem(KEY, theme);
    this.#show();
  }

  #show(): void {
    const theme = this.chosen.value;
    if (theme === 'system') delete this.#place.dataset.theme;
    else this.#place.dataset.theme = theme;
  }
}
