/** Aborts on the first SIGINT or SIGTERM; a second one ends the process at once, as a shell would show it. */
export function shutdownSignal(): AbortSignal {
  const controller = new AbortController();
  for (const [name, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(128 + number);
      controller.abort(new DOMException(`stopped by ${name}`, 'AbortError'));
    });
  }
  return controller.signal;
}
