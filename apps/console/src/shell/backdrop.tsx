import type { ComponentChildren } from 'preact';
import { DENMARK } from '../map/coasts.js';
import { MAINLAND, pathOf } from '../map/projection.js';
import { viewBox, WHOLE } from '../map/zoom.js';
import { Wordmark } from './wordmark.js';

const LAND = pathOf(DENMARK);

/** What stands before the fleet shows: a card before the country. */
export function Backdrop({ children }: { readonly children: ComponentChildren }) {
  return (
    <main class="backdrop">
      <svg class="backdrop-map" viewBox={viewBox(WHOLE, MAINLAND)} aria-hidden="true" preserveAspectRatio="xMidYMid slice">
        <path class="map-land" d={LAND} />
      </svg>
      <div class="backdrop-card">
        <Wordmark />
        {children}
      </div>
    </main>
  );
}
