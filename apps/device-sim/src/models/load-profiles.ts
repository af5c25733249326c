/**
 * How much a site of each sub-type draws over the day, as a fraction of P_max. docs/physics.md says where
 * the shapes come from. Every curve holds 24 values, the level at 00:00, 01:00 … 23:00 local time, with
 * straight lines between them, from 23:00 to the first value of the next day's curve too.
 */
export type DayCurve = readonly number[];

export interface LoadProfile {
  /** Monday to Thursday, and Friday unless it has its own. */
  readonly workday: DayCurve;
  readonly friday?: DayCurve;
  readonly saturday: DayCurve;
  /** Sundays and public holidays. */
  readonly sunday: DayCurve;
  /** What a workday looks like in the school holidays, where that makes a difference. */
  readonly schoolHoliday?: DayCurve;
  /** Relative swing over the year: + peaks in mid-January, − in mid-July. */
  readonly winterSwing: number;
  /** Cosine of the phase angle, of the whole site. */
  readonly powerFactor: number;
  /** Bound of the relative noise around the curve. */
  readonly noise: number;
}

const BAKERIES: LoadProfile = {
  // Ovens and proofers from two o'clock, shop and refrigeration by day; Saturday is the strongest day.
  workday: [
    0.16, 0.35, 0.62, 0.8, 0.84, 0.74, 0.56, 0.44, 0.38, 0.34, 0.32, 0.31, 0.3, 0.28, 0.26, 0.24, 0.22, 0.18, 0.13, 0.11, 0.1,
    0.1, 0.1, 0.12,
  ],
  saturday: [
    0.2, 0.42, 0.7, 0.86, 0.88, 0.8, 0.62, 0.48, 0.42, 0.38, 0.34, 0.32, 0.28, 0.22, 0.16, 0.13, 0.12, 0.11, 0.1, 0.1, 0.1, 0.1,
    0.1, 0.13,
  ],
  sunday: [
    0.18, 0.36, 0.62, 0.78, 0.8, 0.7, 0.56, 0.46, 0.4, 0.36, 0.3, 0.26, 0.2, 0.15, 0.12, 0.11, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1,
    0.12,
  ],
  winterSwing: 0.03,
  powerFactor: 0.96,
  noise: 0.12,
};

const BARS: LoadProfile = {
  // Beer coolers and ice machines by day, guests from the late afternoon; to the small hours after Friday and Saturday.
  workday: [
    0.3, 0.18, 0.13, 0.12, 0.12, 0.12, 0.12, 0.12, 0.13, 0.14, 0.17, 0.2, 0.22, 0.23, 0.25, 0.29, 0.36, 0.44, 0.52, 0.58, 0.62,
    0.62, 0.56, 0.44,
  ],
  friday: [
    0.3, 0.18, 0.13, 0.12, 0.12, 0.12, 0.12, 0.12, 0.13, 0.14, 0.17, 0.2, 0.22, 0.24, 0.28, 0.36, 0.45, 0.53, 0.61, 0.69, 0.76,
    0.82, 0.86, 0.88,
  ],
  saturday: [
    0.84, 0.76, 0.66, 0.52, 0.34, 0.18, 0.13, 0.12, 0.13, 0.15, 0.18, 0.22, 0.26, 0.29, 0.33, 0.38, 0.45, 0.53, 0.61, 0.69, 0.76,
    0.82, 0.86, 0.88,
  ],
  sunday: [
    0.84, 0.76, 0.66, 0.52, 0.34, 0.18, 0.13, 0.12, 0.12, 0.13, 0.15, 0.18, 0.21, 0.23, 0.25, 0.28, 0.33, 0.39, 0.44, 0.48, 0.5,
    0.48, 0.42, 0.36,
  ],
  winterSwing: 0.02,
  powerFactor: 0.94,
  noise: 0.12,
};

const RESTAURANTS: LoadProfile = {
  // Two peaks, lunch and the greater one in the evening; cold rooms at night.
  workday: [
    0.18, 0.14, 0.13, 0.13, 0.13, 0.13, 0.14, 0.17, 0.22, 0.31, 0.45, 0.6, 0.64, 0.55, 0.42, 0.4, 0.5, 0.68, 0.8, 0.82, 0.72,
    0.56, 0.4, 0.26,
  ],
  friday: [
    0.18, 0.14, 0.13, 0.13, 0.13, 0.13, 0.14, 0.17, 0.22, 0.31, 0.45, 0.6, 0.65, 0.57, 0.45, 0.45, 0.57, 0.76, 0.87, 0.88, 0.8,
    0.67, 0.5, 0.36,
  ],
  saturday: [
    0.26, 0.18, 0.14, 0.13, 0.13, 0.13, 0.13, 0.15, 0.2, 0.3, 0.44, 0.58, 0.66, 0.61, 0.52, 0.5, 0.6, 0.77, 0.88, 0.88, 0.8, 0.67,
    0.5, 0.36,
  ],
  sunday: [
    0.26, 0.18, 0.14, 0.13, 0.13, 0.13, 0.13, 0.14, 0.18, 0.28, 0.42, 0.55, 0.6, 0.54, 0.44, 0.41, 0.48, 0.61, 0.7, 0.68, 0.56,
    0.42, 0.3, 0.22,
  ],
  winterSwing: 0.02,
  powerFactor: 0.95,
  noise: 0.14,
};

const SCHOOLS: LoadProfile = {
  // Lessons from eight to three, evening classes and sports afterwards; nearly nothing on free days.
  workday: [
    0.13, 0.13, 0.13, 0.13, 0.13, 0.14, 0.22, 0.48, 0.72, 0.8, 0.82, 0.82, 0.78, 0.72, 0.58, 0.42, 0.32, 0.28, 0.27, 0.26, 0.23,
    0.18, 0.14, 0.13,
  ],
  friday: [
    0.13, 0.13, 0.13, 0.13, 0.13, 0.14, 0.22, 0.48, 0.72, 0.8, 0.81, 0.8, 0.74, 0.6, 0.42, 0.3, 0.22, 0.18, 0.16, 0.15, 0.14,
    0.13, 0.13, 0.13,
  ],
  saturday: [
    0.12, 0.12, 0.12, 0.12, 0.12, 0.12, 0.12, 0.13, 0.14, 0.16, 0.17, 0.17, 0.17, 0.16, 0.15, 0.14, 0.13, 0.13, 0.12, 0.12, 0.12,
    0.12, 0.12, 0.12,
  ],
  sunday: [
    0.12, 0.12, 0.12, 0.12, 0.12, 0.12, 0.12, 0.12, 0.13, 0.14, 0.15, 0.15, 0.15, 0.14, 0.14, 0.13, 0.13, 0.12, 0.12, 0.12, 0.12,
    0.12, 0.12, 0.12,
  ],
  schoolHoliday: [
    0.11, 0.11, 0.11, 0.11, 0.11, 0.11, 0.12, 0.15, 0.18, 0.2, 0.21, 0.21, 0.2, 0.19, 0.16, 0.14, 0.12, 0.11, 0.11, 0.11, 0.11,
    0.11, 0.11, 0.11,
  ],
  winterSwing: 0.14,
  powerFactor: 0.95,
  noise: 0.08,
};

const INDUSTRIES: LoadProfile = {
  // Three shifts, 06–14, 14–22 and a thin night shift, with dips at the changes; weekends in stand-by.
  workday: [
    0.42, 0.4, 0.4, 0.4, 0.42, 0.52, 0.72, 0.82, 0.85, 0.84, 0.85, 0.83, 0.76, 0.78, 0.7, 0.74, 0.76, 0.75, 0.7, 0.72, 0.7, 0.62,
    0.48, 0.44,
  ],
  friday: [
    0.42, 0.4, 0.4, 0.4, 0.42, 0.52, 0.72, 0.82, 0.85, 0.84, 0.84, 0.8, 0.72, 0.68, 0.56, 0.5, 0.46, 0.43, 0.4, 0.38, 0.36, 0.33,
    0.3, 0.28,
  ],
  saturday: [
    0.26, 0.25, 0.25, 0.25, 0.25, 0.26, 0.32, 0.36, 0.38, 0.38, 0.38, 0.37, 0.35, 0.32, 0.28, 0.26, 0.25, 0.24, 0.24, 0.23, 0.23,
    0.23, 0.22, 0.22,
  ],
  sunday: [
    0.22, 0.22, 0.21, 0.21, 0.21, 0.21, 0.21, 0.22, 0.22, 0.22, 0.22, 0.22, 0.22, 0.22, 0.22, 0.22, 0.22, 0.22, 0.23, 0.24, 0.26,
    0.3, 0.36, 0.4,
  ],
  winterSwing: 0.04,
  powerFactor: 0.9,
  noise: 0.1,
};

const SWIMMING_POOLS: LoadProfile = {
  // Filter pumps and air handling all round the clock, more while people swim, whatever the day.
  workday: [
    0.44, 0.43, 0.43, 0.43, 0.44, 0.5, 0.62, 0.7, 0.72, 0.72, 0.73, 0.74, 0.74, 0.74, 0.76, 0.79, 0.8, 0.8, 0.78, 0.74, 0.68,
    0.58, 0.48, 0.45,
  ],
  saturday: [
    0.44, 0.43, 0.43, 0.43, 0.43, 0.45, 0.5, 0.6, 0.7, 0.77, 0.8, 0.81, 0.81, 0.8, 0.78, 0.75, 0.7, 0.62, 0.54, 0.49, 0.46, 0.45,
    0.44, 0.44,
  ],
  sunday: [
    0.44, 0.43, 0.43, 0.43, 0.43, 0.45, 0.5, 0.6, 0.7, 0.77, 0.8, 0.81, 0.81, 0.8, 0.78, 0.75, 0.7, 0.62, 0.54, 0.49, 0.46, 0.45,
    0.44, 0.44,
  ],
  winterSwing: 0.1,
  powerFactor: 0.92,
  noise: 0.06,
};

const HOTELS: LoadProfile = {
  // Showers and breakfast in the morning, rooms, kitchen and laundry in the evening.
  workday: [
    0.34, 0.3, 0.28, 0.28, 0.29, 0.36, 0.54, 0.72, 0.76, 0.66, 0.54, 0.48, 0.47, 0.45, 0.44, 0.46, 0.54, 0.64, 0.74, 0.78, 0.76,
    0.68, 0.54, 0.42,
  ],
  saturday: [
    0.38, 0.32, 0.29, 0.28, 0.28, 0.32, 0.44, 0.6, 0.74, 0.74, 0.62, 0.52, 0.48, 0.46, 0.46, 0.48, 0.55, 0.66, 0.76, 0.8, 0.78,
    0.7, 0.58, 0.46,
  ],
  sunday: [
    0.38, 0.32, 0.29, 0.28, 0.28, 0.31, 0.42, 0.58, 0.73, 0.74, 0.64, 0.54, 0.48, 0.45, 0.43, 0.43, 0.47, 0.54, 0.61, 0.64, 0.62,
    0.56, 0.46, 0.38,
  ],
  winterSwing: 0.08,
  powerFactor: 0.96,
  noise: 0.08,
};

/** Shops, offices and whatever a fleet of the user's own calls its sub-types. */
const COMMERCE: LoadProfile = {
  workday: [
    0.17, 0.16, 0.16, 0.16, 0.16, 0.18, 0.25, 0.4, 0.56, 0.66, 0.7, 0.71, 0.7, 0.7, 0.69, 0.67, 0.62, 0.54, 0.42, 0.32, 0.26,
    0.22, 0.19, 0.18,
  ],
  saturday: [
    0.17, 0.16, 0.16, 0.16, 0.16, 0.16, 0.19, 0.25, 0.36, 0.48, 0.54, 0.55, 0.54, 0.5, 0.43, 0.35, 0.28, 0.23, 0.2, 0.19, 0.18,
    0.18, 0.17, 0.17,
  ],
  sunday: [
    0.17, 0.16, 0.16, 0.16, 0.16, 0.16, 0.16, 0.17, 0.19, 0.22, 0.24, 0.25, 0.25, 0.24, 0.23, 0.22, 0.21, 0.2, 0.19, 0.18, 0.18,
    0.17, 0.17, 0.17,
  ],
  winterSwing: 0.06,
  powerFactor: 0.95,
  noise: 0.1,
};

const PROFILES: ReadonlyMap<string, LoadProfile> = new Map([
  ['Bakeries', BAKERIES],
  ['Bars', BARS],
  ['Restaurants', RESTAURANTS],
  ['Schools', SCHOOLS],
  ['Industries', INDUSTRIES],
  ['Swimming Pools', SWIMMING_POOLS],
  ['Hotels', HOTELS],
]);

/** The profile of a sub-type; an unknown one is taken for small commerce. */
export function loadProfile(subType: string): LoadProfile {
  return PROFILES.get(subType) ?? COMMERCE;
}
