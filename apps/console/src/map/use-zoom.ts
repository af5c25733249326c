import { type Signal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { MAINLAND, type Point } from './projection.js';
import { moved, type View, WHOLE, zoomed } from './zoom.js';

/** How far a finger or the mouse moves, in pixels, before it is no click. */
const DRAG_FROM = 4;

/** What shows of the map, as wheel, drag and pinch make it. */
export function useZoom(svg: RefObject<SVGSVGElement | null>): {
  readonly view: Signal<View>;
  readonly wasDragged: () => boolean;
} {
  const view = useSignal(WHOLE);
  const dragged = useRef(false);
  // Signals and refs stay the same
  useEffect(() => {
    const element = svg.current;
    if (element === null) return;
    const gestures = new Gestures(element, view, dragged);
    return () => gestures.end();
  }, []);
  return { view, wasDragged: () => dragged.current };
}

class Gestures {
  readonly #svg: SVGSVGElement;
  readonly #view: Signal<View>;
  readonly #dragged: { current: boolean | null };
  readonly #pointers = new Map<number, { x: number; y: number }>();
  readonly #ended = new AbortController();
  #travelled = 0;

  constructor(svg: SVGSVGElement, view: Signal<View>, dragged: { current: boolean | null }) {
    this.#svg = svg;
    this.#view = view;
    this.#dragged = dragged;
    const { signal } = this.#ended;
    svg.addEventListener('wheel', (event) => this.#wheel(event), { signal, passive: false });
    svg.addEventListener('pointerdown', (event) => this.#down(event), { signal });
    svg.addEventListener('pointermove', (event) => this.#move(event), { signal });
    for (const type of ['pointerup', 'pointercancel', 'pointerleave'] as const) {
      svg.addEventListener(type, (event) => this.#pointers.delete(event.pointerId), { signal });
    }
  }

  end(): void {
    this.#ended.abort();
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0018) * (event.deltaMode === 1 ? 16 : 1));
    this.#view.value = zoomed(this.#view.peek(), factor, this.#pointAt(event.clientX, event.clientY), MAINLAND);
  }

  #down({ pointerId, clientX, clientY }: PointerEvent): void {
    this.#pointers.set(pointerId, { x: clientX, y: clientY });
    this.#dragged.current = false;
    this.#travelled = 0;
  }

  #move({ pointerId, clientX, clientY }: PointerEvent): void {
    const known = this.#pointers.get(pointerId);
    if (known === undefined) return;
    const [dx, dy] = [clientX - known.x, clientY - known.y];
    const before = this.#spread();
    this.#pointers.set(pointerId, { x: clientX, y: clientY });
    this.#travelled += Math.hypot(dx, dy);
    if (this.#travelled < DRAG_FROM) return;
    this.#dragged.current = true;
    const after = this.#spread();
    const unit = this.#unitPerPixel();
    let view = moved(this.#view.peek(), (-dx * unit) / this.#pointers.size, (-dy * unit) / this.#pointers.size, MAINLAND);
    if (before !== undefined && after !== undefined) {
      view = zoomed(view, after.distance / before.distance, this.#pointAt(after.x, after.y), MAINLAND);
    }
    this.#view.value = view;
  }

  /** The middle of two fingers and how far they are apart. */
  #spread(): { x: number; y: number; distance: number } | undefined {
    const [a, b] = [...this.#pointers.values()];
    if (a === undefined || b === undefined) return undefined;
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, distance: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)) };
  }

  #pointAt(clientX: number, clientY: number): Point {
    const matrix = this.#svg.getScreenCTM();
    return matrix === null ? { x: 0, y: 0 } : new DOMPoint(clientX, clientY).matrixTransform(matrix.inverse());
  }

  #unitPerPixel(): number {
    return 1 / (this.#svg.getScreenCTM()?.a ?? 1);
  }
}
