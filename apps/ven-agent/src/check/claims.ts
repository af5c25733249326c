/**
 * What a token says of its holder's rights, for people; undefined for a token that is opaque, or says nothing. Nothing
 * is decided by it: whether the VTN grants them is for the VTN.
 */
export function rightsIn(token: string): string[] | undefined {
  // RFC 9068 section 2.2.3 (`scope`, separated by spaces); others have lists, and openleadr-rs 0.1 has roles.
  const { scope, scopes, scp, roles } = payloadOf(token);
  const told = [scope, scopes, scp, roles].find((claim) => typeof claim === 'string' || Array.isArray(claim));
  const list = typeof told === 'string' ? told.split(' ') : (told as unknown[] | undefined)?.map(nameOf);
  return list?.filter((name) => name !== '');
}

/** The second part of a JWT (RFC 7519 section 3). */
function payloadOf(token: string): Record<string, unknown> {
  const part = token.split('.')[1];
  if (part === undefined) return {};
  try {
    const payload: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function nameOf(claim: unknown): string {
  if (typeof claim === 'string') return claim;
  const { role } = (claim ?? {}) as { role?: unknown };
  return typeof role === 'string' ? role : '';
}
