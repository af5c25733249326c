import uPlot from 'uplot';
import { clock, clockSeconds, powerParts } from '../text/format.js';
import type { ChartData, Shade } from './chart-data.js';

/** Which row of the data the pointer is at. */
export type OnPoint = (index: number | undefined) => void;

const FONT = '11px "Inter Variable", system-ui, sans-serif';

/** Load as a line, its baseline dashed, what lies between them filled, and events shaded. */
export class LoadPlot {
  readonly #plot: uPlot;
  #shades: readonly Shade[] = [];

  constructor(place: HTMLElement, width: number, height: number, onPoint: OnPoint) {
    const look = looksOf(place);
    this.#plot = new uPlot(
      {
        width,
        height,
        // To the right half a label of the time axis.
        padding: [8, 28, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
        scales: {
          x: { range: (_plot, first, last) => spanOf(first, last) },
          y: { range: (_plot, least, most) => rangeOf(least, most) },
        },
        axes: [
          {
            font: FONT,
            stroke: look.text,
            grid: { show: false },
            ticks: { show: false },
            size: 26,
            space: 64,
            values: timeLabels,
          },
          {
            font: FONT,
            stroke: look.text,
            grid: { stroke: look.grid, width: 1 },
            ticks: { show: false },
            size: 58,
            values: powerLabels,
          },
        ],
        series: [
          {},
          { label: 'Baseline', stroke: look.baseline, width: 1.5, dash: [5, 4], points: { show: false } },
          // A line needs two values.
          { label: 'Load', stroke: look.load, width: 2, points: { show: (plot) => plot.data[0].length === 1, size: 7 } },
        ],
        bands: [{ series: [1, 2], fill: look.given }],
        hooks: {
          drawClear: [(plot) => this.#drawShades(plot, look.event)],
          setCursor: [({ cursor }) => onPoint(cursor.idx ?? undefined)],
        },
      },
      [[], [], []],
      place,
    );
  }

  show(data: ChartData, shades: readonly Shade[]): void {
    this.#shades = shades;
    this.#plot.setData(data);
  }

  resize(width: number, height: number): void {
    if (width > 0 && (width !== this.#plot.width || height !== this.#plot.height)) this.#plot.setSize({ width, height });
  }

  destroy(): void {
    this.#plot.destroy();
  }

  #drawShades({ ctx, bbox, valToPos }: uPlot, colour: string): void {
    ctx.save();
    ctx.fillStyle = colour;
    for (const { startAt, endAt } of this.#shades) {
      const left = Math.max(bbox.left, valToPos(startAt / 1000, 'x', true));
      const right = Math.min(bbox.left + bbox.width, valToPos(endAt / 1000, 'x', true));
      if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
    }
    ctx.restore();
  }
}

/** The style sheet's colours, which a canvas does not know by itself. */
function looksOf(place: HTMLElement) {
  const style = getComputedStyle(place);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: colour('text-quiet'),
    grid: colour('line'),
    load: colour('load'),
    baseline: colour('baseline'),
    given: colour('given-fill'),
    event: colour('event-fill'),
  };
}

/** Around a single value half a minute to either side. */
const spanOf = (first: number, last: number): [number, number] => (last > first ? [first, last] : [first - 30, last + 30]);

/** Some space above and below, and always more than nothing; a load that goes near 0 shows from 0. */
function rangeOf(least: number | null, most: number | null): [number, number] {
  if (least === null || most === null) return [0, 1000];
  const space = Math.max((most - least) * 0.12, Math.abs(most) * 0.02, 100);
  const bottom = least - space;
  return [least >= 0 && (bottom < 0 || least < most * 0.3) ? 0 : bottom, most + space];
}

/** @param apart seconds from one label to the next: within a minute they would all say the same */
function timeLabels(_plot: uPlot, times: number[], _axis: number, _space: number, apart: number): string[] {
  const label = apart < 60 ? clockSeconds : clock;
  return times.map((time) => label(time * 1000));
}

function powerLabels(_plot: uPlot, values: number[]): string[] {
  return values.map((value) => {
    const { value: text, unit } = powerParts(value);
    // 5.00 kW is 5 kW at an axis.
    return `${text.replace(/\.0+$|(\.\d*?)0+$/, '$1')} ${unit}`;
  });
}
