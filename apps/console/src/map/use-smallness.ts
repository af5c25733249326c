import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { MAINLAND } from './projection.js';
import { smallness } from './zoom.js';

/** How much larger names must be, as the map is drawn. */
export function useSmallness(svg: RefObject<SVGSVGElement | null>): number {
  const [small, setSmall] = useState(1);
  useEffect(() => {
    const element = svg.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      const { width, height } = element.getBoundingClientRect();
      setSmall(smallness(Math.min(width / MAINLAND.width, height / MAINLAND.height)));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [svg]);
  return small;
}
