import { useComputed, useSignal } from '@preact/signals';
import type { VenState } from '@venfleet/console-api';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { usePage } from '../app/context.js';
import { count } from '../text/format.js';
import { DENMARK, NEIGHBOURS } from './coasts.js';
import { LABEL_SIZE, labelsOf } from './labels.js';
import { Legend } from './legend.js';
import { neighbourOf } from './neighbours.js';
import { INSET, INSET_SHIFT, MAINLAND, pathOf } from './projection.js';
import { SiteMark } from './site-mark.js';
import { SiteTip } from './site-tip.js';
import { type Site, sitesOf } from './sites.js';
import { useSmallness } from './use-smallness.js';
import { useZoom } from './use-zoom.js';
import { centred, labelScale, markScale, type View, viewBox, WHOLE, zoomed } from './zoom.js';

const LAND = pathOf(DENMARK);
const ABROAD = pathOf(NEIGHBOURS);

/** Denmark with its VENs, sized by their resources, marked by their state. */
export function FleetMap({ selected }: { readonly selected: string | undefined }) {
  const { fleet } = usePage().console;
  const svg = useRef<SVGSVGElement>(null);
  const { view, wasDragged } = useZoom(svg);
  const only = useSignal<VenState | undefined>(undefined);
  const pointed = useSignal<string | undefined>(undefined);
  const stop = useSignal<string | undefined>(undefined);
  // Positions and sizes change with the fleet, not with each report.
  const shape = useComputed(() =>
    JSON.stringify(fleet.vens.value.map(({ id, name, resources, position }) => [id, name, resources, position])),
  );
  // `shape` stands for what the sites are made of
  const { sites, elsewhere } = useMemo(() => sitesOf(fleet.vens.peek()), [shape.value]);
  const first = stop.value ?? selected ?? sites[0]?.id;
  useEffect(() => {
    if (selected !== undefined) stop.value = selected;
  }, [selected, stop]);
  const small = useSmallness(svg);
  const onKeyDown = (event: KeyboardEvent) => {
    const from = siteOf(event.target, sites);
    const to = from === undefined ? undefined : neighbourOf(sites, from, event.key);
    if (to === undefined) return;
    event.preventDefault();
    stop.value = to.id;
    if (view.peek().scale > 1) view.value = centred(view.peek(), to, MAINLAND);
    svg.current?.querySelector<SVGAElement>(`[data-ven="${CSS.escape(to.id)}"]`)?.focus();
  };
  const point = (event: Event) => {
    pointed.value = siteOf(event.target, sites)?.id;
  };
  const zoomBy = (factor: number) => {
    const { scale, x, y } = view.peek();
    const middle = { x: x + MAINLAND.width / scale / 2, y: y + MAINLAND.height / scale / 2 };
    view.value = factor === 0 ? WHOLE : zoomed(view.peek(), factor, middle, MAINLAND);
  };
  return (
    // Not at the svg itself, which would become a stop of the Tab key by it.
    <section
      class="map"
      aria-label="Map"
      onFocusIn={point}
      onFocusOut={() => {
        pointed.value = undefined;
      }}
    >
      <svg
        ref={svg}
        class={`map-svg${view.value.scale > 1 ? ' is-zoomed' : ''}`}
        viewBox={viewBox(view.value, MAINLAND)}
        style={{ '--mark': String(markScale(view.value, small)) }}
        role="group"
        aria-label={`Denmark with ${count(sites.length)} VENs. Arrow keys lead from one to the next, Enter opens one.`}
        onKeyDown={onKeyDown}
        onClickCapture={(event) => {
          if (wasDragged()) event.preventDefault();
        }}
        onDragStart={(event) => event.preventDefault()}
        onPointerOver={point}
        onPointerLeave={() => {
          pointed.value = undefined;
        }}
      >
        <Ground />
        {sites.map((site) => {
          const ven = fleet.ven(site.id);
          if (ven === undefined) return null;
          const isFaded = only.value !== undefined && only.value !== ven.value.state;
          return (
            <SiteMark
              key={site.id}
              site={site}
              ven={ven}
              isSelected={site.id === selected}
              isStop={site.id === first}
              isFaded={isFaded}
            />
          );
        })}
        <Labels sites={sites} view={view.value} small={small} />
      </svg>
      <SiteTip svg={svg} pointed={pointed} view={view} />
      <ZoomButtons onZoom={zoomBy} isWhole={view.value.scale === 1} />
      <Legend only={only} elsewhere={elsewhere} />
    </section>
  );
}

function siteOf(target: EventTarget | null, sites: readonly Site[]): Site | undefined {
  const id = target instanceof Element ? target.closest('[data-ven]')?.getAttribute('data-ven') : undefined;
  return id === undefined ? undefined : sites.find((site) => site.id === id);
}

function Ground() {
  const { x, y, width, height } = INSET;
  return (
    <g aria-hidden="true">
      <path class="map-abroad" d={ABROAD} />
      <path class="map-shallows map-shallows--wide" d={LAND} />
      <path class="map-shallows" d={LAND} />
      <path class="map-land" d={LAND} />
      <clipPath id="inset">
        <rect x={x} y={y} width={width} height={height} rx="3" />
      </clipPath>
      <rect class="map-inset" x={x} y={y} width={width} height={height} rx="3" />
      <g clip-path="url(#inset)">
        <path class="map-land" d={LAND} transform={`translate(${INSET_SHIFT.x} ${INSET_SHIFT.y})`} />
      </g>
      <text class="map-place" x={x + width / 2} y={y + height - 3.5} text-anchor="middle">
        Bornholm
      </text>
    </g>
  );
}

function Labels({ sites, view, small }: { readonly sites: readonly Site[]; readonly view: View; readonly small: number }) {
  // Moving the map changes no label.
  const labels = useMemo(() => labelsOf(sites, view, small), [sites, view.scale, small]);
  const size = LABEL_SIZE * labelScale(view, small);
  return (
    <g class="map-labels" aria-hidden="true" font-size={size} stroke-width={size * 0.22}>
      {labels.map(({ id, text, x, y, anchor }) => (
        <text key={id} x={x} y={y} text-anchor={anchor}>
          {text}
        </text>
      ))}
    </g>
  );
}

function ZoomButtons({ onZoom, isWhole }: { readonly onZoom: (factor: number) => void; readonly isWhole: boolean }) {
  return (
    <div class="map-zoom">
      <button type="button" class="icon-button" aria-label="Enlarge the map" onClick={() => onZoom(1.6)}>
        +
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label="Make the map smaller"
        disabled={isWhole}
        onClick={() => onZoom(1 / 1.6)}
      >
        −
      </button>
      <button type="button" class="icon-button" aria-label="Show all of Denmark" disabled={isWhole} onClick={() => onZoom(0)}>
        ⤢
      </button>
    </div>
  );
}
