import type { VenState } from '@venfleet/console-api';

/** In the order in which they are told of. */
export const STATES: readonly VenState[] = ['in-event', 'reporting', 'registered', 'silent'];

/** A state as a shape, not as a colour alone: a ring around a dot, a dot, an empty ring, a ring that is crossed out. */
export function MarkShape({ state, radius }: { readonly state: VenState; readonly radius: number }) {
  const inner = state === 'in-event' ? radius * 0.56 : radius;
  // There is no room for a cross within the ring of a small one: it stands alone.
  const isSmall = state === 'silent' && radius < 3;
  const cross = radius * (isSmall ? 0.8 : 0.5);
  return (
    <>
      {state === 'in-event' && <circle class="mark-ring" r={radius} />}
      {!isSmall && <circle class="mark-disc" r={inner} />}
      {state === 'silent' && (
        <path class="mark-cross" d={`M${-cross} ${-cross}L${cross} ${cross}M${cross} ${-cross}L${-cross} ${cross}`} />
      )}
    </>
  );
}

export function StateMark({ state }: { readonly state: VenState }) {
  return (
    <svg class={`mark mark--${state}`} viewBox="-8 -8 16 16" width="14" height="14" aria-hidden="true" focusable="false">
      <MarkShape state={state} radius={5.5} />
    </svg>
  );
}
