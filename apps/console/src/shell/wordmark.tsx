/** The name, with its mark: a dot within rings, as a VEN that reports. */
export function Wordmark() {
  return (
    <span class="wordmark">
      <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
        <circle cx="12" cy="12" r="10" fill="none" stroke="currentColor" stroke-width="1.5" opacity="0.35" />
        <path d="M12 5a7 7 0 1 1-7 7" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" />
        <circle cx="12" cy="12" r="3" fill="currentColor" />
      </svg>
      venfleet
    </span>
  );
}
