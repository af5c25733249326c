/** A card writes whole pages of its flash: 16 KiB on today's. */
const FLASH_PAGE = 16_384;
/** What a sync adds to the data: the card's own page for the rest of it, and one for the file system's journal. */
const PAGES_PER_SYNC = 2;
const HOURS_PER_YEAR = 24 * 365.25;

/**
 * How long a card lasts, in years: an estimate, since no maker tells how a card's own housekeeping multiplies small writes.
 * @param enduranceTB what may be written to it by its maker's statement
 */
export function yearsOf(enduranceTB: number, writtenMBPerHour: number, syncsPerHour: number): number {
  const bytesPerHour = writtenMBPerHour * 1e6 + syncsPerHour * PAGES_PER_SYNC * FLASH_PAGE;
  return (enduranceTB * 1e12) / bytesPerHour / HOURS_PER_YEAR;
}
