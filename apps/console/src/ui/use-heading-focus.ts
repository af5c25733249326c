import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** The heading of what has just opened gets the focus, so that a screen reader says where one is. */
export function useHeadingFocus(): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: false }), []);
  return heading;
}
