import type { Signal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { usePage, useWords } from '../app/context.js';
import { counted, power } from '../text/format.js';
import { StateMark } from '../ui/state-mark.js';
import type { View } from './zoom.js';

/** What is known of the VEN that is pointed at, beside its circle. Screen readers have it from the circle's own name. */
export function SiteTip({ svg, pointed, view }: SiteTipProps) {
  const id = pointed.value;
  const { fleet } = usePage().console;
  const { states } = useWords();
  const tip = useRef<HTMLDivElement>(null);
  const ven = id === undefined ? undefined : fleet.ven(id)?.value;
  // Where the circle is depends on what shows of the map
  useLayoutEffect(() => {
    const [box, place] = [tip.current, svg.current?.querySelector(`[data-ven="${CSS.escape(id ?? '')}"] .site-halo`)];
    const map = svg.current?.parentElement?.getBoundingClientRect();
    if (box === null || place === null || place === undefined || map === undefined) return;
    const at = place.getBoundingClientRect();
    const left = at.right - map.left + 8;
    const flips = left + box.offsetWidth > map.width;
    const beside = flips ? at.left - map.left - 8 - box.offsetWidth : left;
    // On a narrow map it lies over its circle rather than beyond the edge.
    box.style.left = `${Math.max(4, Math.min(beside, map.width - box.offsetWidth - 4))}px`;
    box.style.top = `${Math.min(Math.max(4, at.top + at.height / 2 - map.top - box.offsetHeight / 2), map.height - box.offsetHeight - 4)}px`;
  }, [id, view.value]);
  if (ven === undefined) return null;
  return (
    <div class="tip" ref={tip} aria-hidden="true">
      <p class="tip-name">{ven.name}</p>
      <p class="tip-state">
        <StateMark state={ven.state} /> {states[ven.state].name} · {counted(ven.resources, 'resource')}
      </p>
      {ven.loadW !== null && (
        <p>
          {power(ven.loadW)}
          {ven.baselineW !== null && ` of ${power(ven.baselineW)}`}
        </p>
      )}
      {ven.requestedW !== null && ven.requestedW > 0 && (
        <p>
          {power(ven.deliveredW)} less, {power(ven.requestedW)} asked for
        </p>
      )}
    </div>
  );
}

interface SiteTipProps {
  readonly svg: RefObject<SVGSVGElement | null>;
  /** Id of the VEN. */
  readonly pointed: Signal<string | undefined>;
  readonly view: Signal<View>;
}
