/** The module that the page imports, made anew. */
export function geometryModule(): string;
