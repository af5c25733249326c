/**
 * A Danish postal code (four digits, perhaps after DK-) and the place name after it, which ends at the
 * next comma, semicolon or line break: `Algade 3, 4800 Nykøbing Falster` and `DK-9000 Aalborg, Danmark`.
 */
const POSTAL_PLACE = /(?:^|[\s,;]|\bDK-?)\d{4}\s+(\p{L}[^,;\r\n]*)/giu;

/**
 * The VEN that an address belongs to: its place name, whole. When several parts look like a postal
 * code with a place (`Vej 1200 A, 9000 Aalborg`), the last one is it.
 * @returns undefined when the address has none.
 */
export function venNameOf(address: string): string | undefined {
  let name: string | undefined;
  for (const match of address.matchAll(POSTAL_PLACE)) name = match[1];
  return name?.trim().replace(/\s+/g, ' ').normalize('NFC');
}
